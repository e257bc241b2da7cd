/** What every answer must be like, whatever was asked. */
import { errorCatalogue } from '#contract';
import type { WireAnswer } from './wire.ts';

/** Finds secrets in what leaves the house: as they are, percent-encoded, in Base64 at every alignment, and as hexadecimal text. */
export class SecretScanner {
  readonly #pattern: RegExp;

  constructor(secrets: readonly string[]) {
    const forms = [...new Set(secrets.flatMap(formsOf))].filter((form) => form.length >= 8);
    if (forms.length === 0) throw new Error('There is no secret to look for.');
    this.#pattern = new RegExp(forms.map((form) => form.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|'), 'i');
  }

  /** The first secret in a text, in the form in which it stands there. */
  find(text: string): string | undefined {
    return this.#pattern.exec(text)?.[0];
  }
}

function formsOf(secret: string): string[] {
  const aligned = [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(' '.repeat(shift) + secret).toString('base64');
    // The characters at both ends also hold bits of the neighbours.
    return encoded.slice(shift === 0 ? 0 : shift + 1, -4);
  });
  const inUrl = aligned.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    ...aligned,
    ...inUrl,
    Buffer.from(secret).toString('hex'),
  ];
}

/** Why an answer is not fit to be given; `undefined` for a good one. */
export function faultOf(answer: WireAnswer, method: string, scanner: SecretScanner): string | undefined {
  const secret = scanner.find(answer.head) ?? scanner.find(answer.body.toString('latin1'));
  if (secret !== undefined) return `a secret stands in the answer: ${secret.slice(0, 4)}…`;
  if (answer.status >= 500) return `status ${answer.status}: ${answer.body.toString('utf8').slice(0, 300)}`;
  if (answer.status < 400) return undefined;
  const type = answer.headers['content-type'] ?? '';
  if (!type.startsWith('application/problem+json')) return `status ${answer.status} as "${type}"`;
  return method === 'HEAD' ? undefined : faultOfProblem(answer);
}

function faultOfProblem({ status, body }: WireAnswer): string | undefined {
  let problem: { code?: string; status?: number };
  try {
    problem = JSON.parse(body.toString('utf8')) as typeof problem;
  } catch {
    return `status ${status} whose body is no JSON`;
  }
  const known = Object.hasOwn(errorCatalogue, problem.code ?? '');
  if (!known) return `status ${status} with the unknown code ${problem.code}`;
  return problem.status === status ? undefined : `status ${status} that says it is ${problem.status}`;
}
