/** Something keeps Vestnik from starting that the person at the keyboard can mend. It is shown as two lines, without a stack. */
export class StartError extends Error {
  /** One sentence: what to do about it. */
  readonly remedy: string;

  constructor(message: string, remedy: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StartError';
    this.remedy = remedy;
  }
}

const full = 'Free some space, or point DATA_DIR at another disk.';
const writable = 'Give the user that runs Vestnik the right to write there, or point DATA_DIR elsewhere.';

/** What the operating system's refusals mean for a folder that must be written. */
const refusals: Record<string, readonly [problem: string, remedy: string]> = {
  ENOSPC: ['the disk is full', full],
  EDQUOT: ['the disk quota is used up', full],
  EACCES: ['this user may not write there', writable],
  EPERM: ['this user may not write there', writable],
  EROFS: ['the file system is read-only', writable],
  // What making nested folders answers on a read-only file system.
  ENOENT: ['the folder is missing and cannot be made', writable],
  ENOTDIR: ['a part of the path is a file, not a folder', 'Point DATA_DIR at a folder.'],
  EEXIST: ['it is a file, not a folder', 'Point DATA_DIR at a folder.'],
};

/** Turns a refusal of the file system into a `StartError` about `path`; anything else comes back as it is. */
export function explainFileError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const known = refusals[code];
  if (!known || error instanceof StartError) return error;
  return new StartError(`Cannot write to ${path}: ${known[0]}.`, known[1], error);
}
