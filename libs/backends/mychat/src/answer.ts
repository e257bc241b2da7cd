/**
 * Reads answers of the server. Its documentation contradicts itself about their form, so this is liberal: keys in any
 * case, a Cyrillic `с` for a Latin `c`, numbers for hex text, a frame's prefix before the JSON, cp1251 for UTF-8.
 */

/** Members of an answer by lower-case Latin name. */
export type Answer = ReadonlyMap<string, unknown>;

/** Reads an answer; `undefined` when it is no JSON object at all. */
export function parseAnswer(bytes: Buffer): Answer | undefined {
  const text = decodeText(withoutPrefix(bytes)).trim();
  const value = parseJson(text) ?? parseJson(repair(text));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value).map(([key, member]) => [foldKey(key), member]));
}

/** The text of an answer, for people to read. */
export function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Not UTF-8: an older server that writes in the code page of a Russian Windows.
    return new TextDecoder('windows-1251').decode(bytes);
  }
}

/** The command number of an answer as a number: `"000F"`, `"000f"` and 15 are the same; `undefined` when there is none. */
export function commandNumber(answer: Answer): number | undefined {
  const cmd = answer.get('cmd');
  if (typeof cmd === 'number') return cmd;
  return typeof cmd === 'string' && /^[0-9a-f]{1,4}$/i.test(cmd) ? parseInt(cmd, 16) : undefined;
}

/** A member as a whole number, also when it comes as text. */
export function numberIn(answer: Answer, key: string): number | undefined {
  const member = answer.get(key);
  const number = typeof member === 'string' && member.trim() !== '' ? Number(member) : member;
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
}

/** Whether the answer is the error envelope, command 0001. */
export function isErrorAnswer(answer: Answer): boolean {
  return commandNumber(answer) === 1 || (numberIn(answer, 'error') ?? 0) !== 0;
}

const magic = Buffer.from([0x17, 0x06]);
const prefixBytes = 12;

function withoutPrefix(bytes: Buffer): Buffer {
  return bytes.subarray(0, 2).equals(magic) ? bytes.subarray(prefixBytes) : bytes;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The documentation prints `"Cmd" : 0008` and forgets commas; both are mended, and the result must parse after all. */
function repair(text: string): string {
  return text.replace(/(:\s*)(0\d+)(?=\s*[,}\s])/g, '$1"$2"').replace(/(["\d\]}]|true|false|null)\s+(?=")/g, '$1,');
}

function foldKey(key: string): string {
  return key.toLowerCase().replaceAll('\u0441', 'c');
}
