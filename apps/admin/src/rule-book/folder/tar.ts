/** Tar archives of plain files, in the form of POSIX.1-1988 (ustar). */
import { HouseError } from '#contract';

const blockBytes = 512;

/** Writes files as an archive. The same files give the same bytes: there are no times and no owners in it. */
export function toTar(files: ReadonlyMap<string, string>): Buffer {
  const parts: Buffer[] = [];
  for (const [path, text] of files) {
    const bytes = Buffer.from(text);
    parts.push(headerOf(path, bytes.length), bytes, Buffer.alloc(paddingAfter(bytes.length)));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}

function headerOf(path: string, size: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  header.write(path, 0, 100);
  header.write(octal(0o644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(size, 11), 124);
  header.write(octal(0, 11), 136);
  header.write('0', 156);
  header.write('ustar\0' + '00', 257);
  header.write(`${octal(checksumOf(header), 6)}\0 `, 148);
  return header;
}

/** Sum of the bytes of a header, its own eight counted as spaces. */
function checksumOf(header: Buffer): number {
  return header.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 0x20 : byte), 0);
}

function paddingAfter(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

/**
 * Reads the plain files of an archive: path without a leading `./` → text. Folders and what tells of longer names or times are
 * left out. Throws REQUEST_INVALID for what is no archive, is cut short, or holds links or text that is not UTF-8.
 */
export function fromTar(archive: Buffer): Map<string, string> {
  const files = new Map<string, string>();
  let at = 0;
  while (at + blockBytes <= archive.length) {
    const header = archive.subarray(at, at + blockBytes);
    if (header.every((byte) => byte === 0)) return files;
    const { path, size, type } = readHeader(header, at);
    const start = at + blockBytes;
    if (start + size > archive.length) throw notTar(`ends in the middle of ${path}`);
    at = start + size + paddingAfter(size);
    if (type === '0' || type === '\0') files.set(path, textOf(archive.subarray(start, start + size), path));
    else if (!'5xgLK'.includes(type)) throw notTar(`holds ${path}, which is no plain file`);
  }
  // Writers end with two empty blocks; readers take an archive without them.
  if (at < archive.length) throw notTar('is no tar archive, or is cut short');
  return files;
}

function readHeader(header: Buffer, at: number): { path: string; size: number; type: string } {
  const field = (from: number, to: number) => header.toString('utf8', from, to).split('\0', 1)[0]!;
  const sum = parseInt(field(148, 156).trim(), 8);
  if (sum !== checksumOf(header)) throw notTar(`is no tar archive: the header at byte ${at} is broken`);
  const size = parseInt(field(124, 136).trim() || '0', 8);
  if (!Number.isSafeInteger(size) || size < 0) throw notTar(`has a broken size at byte ${at}`);
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? field(345, 500) : '';
  const path = (prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`).replace(/^(\.\/)+/, '');
  return { path, size, type: String.fromCharCode(header[156]!) };
}

function textOf(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw notTar(`holds ${path}, which is not UTF-8`, cause);
  }
}

function notTar(detail: string, cause?: unknown): HouseError {
  return new HouseError('REQUEST_INVALID', { detail: `The archive ${detail}.`, cause });
}
