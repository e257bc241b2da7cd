import { secretFields, type Manifest } from './manifest.ts';

const mask = '***';

/** Shortest secret that is masked, in characters: below it every other word would turn into stars. */
const shortest = 3;

/**
 * Replaces every occurrence of the given secrets in a text, also where they stand URL-encoded, in Base64, or escaped for
 * JSON or HTML. Secrets of one or two characters cannot be told from ordinary text and stay.
 */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const forms = new Set(secrets.filter((secret) => secret.length >= shortest).flatMap(formsOf));
  // The longest first, or a secret that holds another one would leave its remainder behind.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  return ordered.reduce((masked, form) => masked.replaceAll(form, mask), text);
}

/** All texts inside the secret fields of some settings, and the words they consist of (`Bearer abc` → also `abc`). */
export function secretsOf(manifest: Pick<Manifest, 'settings'>, settings: Readonly<Record<string, unknown>>): string[] {
  const whole = secretFields(manifest).flatMap((field) => textsIn(settings[field]));
  return [...new Set(whole.flatMap((text) => [text, ...wordsOf(text)]))];
}

/** Shortest part of a secret that is masked by itself, in characters, so that `Bearer` stays readable. */
const shortestWord = 8;

function wordsOf(text: string): string[] {
  const words = text.split(/\s+/).flatMap((word) => [word, word.slice(word.indexOf('_') + 1)]);
  return words.filter((word) => word.length >= shortestWord);
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : [];
}

function formsOf(secret: string): string[] {
  // A lone surrogate would make encodeURIComponent throw.
  const whole = secret.replace(/\p{Surrogate}/gu, '\ufffd');
  const json = JSON.stringify(whole).slice(1, -1);
  const bytes = Buffer.from(whole);
  return [
    secret,
    encodeURIComponent(whole),
    new URLSearchParams([['', whole]]).toString().slice(1),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    json,
    encodeURIComponent(json),
    json.replace(/[^\0-~]/g, (unit) => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0')),
    escapeHtml(whole),
  ];
}

const htmlEscapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => htmlEscapes[character]!);
}

/** An error as the log may show it: whatever it quotes, no secret in it. */
export function maskedError(
  error: unknown,
  secrets: readonly string[],
): { type: string; message: string; stack?: string } {
  if (!(error instanceof Error)) return { type: typeof error, message: maskSecrets(String(error), secrets) };
  const { name: type, message, stack } = error;
  const masked = { type, message: maskSecrets(message, secrets) };
  return stack === undefined ? masked : { ...masked, stack: maskSecrets(stack, secrets) };
}
