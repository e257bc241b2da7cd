import { errorCatalogue, type ErrorCode, type Problem } from '#contract';
import type { Description } from './describe.ts';

/** What an operation is like, as far as it decides which refusals are possible. */
export interface OperationTraits {
  guarded: boolean;
  hasParameters: boolean;
  hasCursor: boolean;
  hasBody: boolean;
}

/** The codes that an operation may refuse with: what its description says, and what follows from its traits. */
export function codesOf(description: Description, traits: OperationTraits): ErrorCode[] {
  const codes = new Set<ErrorCode>(description.errors);
  if (traits.hasParameters || traits.hasBody) codes.add('REQUEST_INVALID');
  if (traits.hasCursor) codes.add('CURSOR_INVALID');
  if (traits.hasBody)
    for (const code of ['BODY_NOT_JSON', 'BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED'] as const) codes.add(code);
  if (traits.guarded)
    for (const code of ['KEY_MISSING', 'KEY_UNKNOWN', 'SCOPE_MISSING', 'RATE_LIMITED', 'UNAVAILABLE'] as const)
      codes.add(code);
  codes.add('INTERNAL');
  return [...codes];
}

/** The refusals of an operation as OpenAPI answers: one per status, one example per code. */
export function refusalAnswers(codes: readonly ErrorCode[]): Record<string, object> {
  const statuses = [...new Set(codes.map((code) => errorCatalogue[code].status))].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => {
      const here = codes.filter((code) => errorCatalogue[code].status === status);
      return [String(status), refusalAnswer(here)];
    }),
  );
}

function refusalAnswer(codes: readonly ErrorCode[]): object {
  const description = codes.map((code) => `\`${code}\`: ${errorCatalogue[code].title}`).join('\n\n');
  const examples = Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]));
  const schema = { $ref: '#/components/schemas/Problem' };
  return { description, content: { 'application/problem+json': { schema, examples } } };
}

/** One realistic refusal per code, as components that the operations refer to. */
export function refusalExamples(): Record<string, { summary: string; value: Problem }> {
  const codes = Object.keys(errorCatalogue) as ErrorCode[];
  return Object.fromEntries(
    codes.map((code) => [code, { summary: errorCatalogue[code].title, value: exampleOf(code) }]),
  );
}

const exampleFaults: Partial<Record<ErrorCode, Problem['errors']>> = {
  REQUEST_INVALID: [{ pointer: '/type', detail: 'Invalid input: expected string, received undefined' }],
  DEFINITION_INVALID: [{ pointer: '/notify/0/template', detail: 'there is no template `stock-low`' }],
  SLUG_IN_USE: [{ pointer: '/rules/stock-low', detail: 'refers to it' }],
};

const exampleDetails: Partial<Record<ErrorCode, string>> = {
  BODY_NOT_JSON: 'Position 17 (line 1, column 18): expected a comma or the closing bracket, found `"`.',
  SCOPE_MISSING: 'This call needs the scope `edit`.',
  PRECONDITION_FAILED: 'The rule `stock-low` stands at "42" now; `boris` changed it last, at 2026-11-20T09:00:00.000Z.',
};

function exampleOf(code: ErrorCode): Problem {
  const { status, title, remedy } = errorCatalogue[code];
  const own = exampleDetails[code];
  const errors = exampleFaults[code];
  return {
    type: `urn:vestnik:error:${code}`,
    title,
    status,
    code,
    detail: own ? `${own} ${remedy}` : remedy,
    instance: '0199d2a0-6c3f-7000-8000-00000000002a',
    ...(errors ? { errors } : {}),
  };
}
