/** Something that the person at the keyboard can mend: one line of what, one line of what to do, and no stack. */
export class Fault extends Error {
  constructor(message, remedy) {
    super(message);
    this.name = 'Fault';
    this.remedy = remedy;
  }
}

/** Runs a command to its end: a fault is shown as two lines, a bug with its stack; either way the exit code says so. */
export async function runCommand(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    console.error(error.remedy ? `\n✗ ${error.message}\n  ${error.remedy}` : error);
    process.exitCode = 1;
  }
}
