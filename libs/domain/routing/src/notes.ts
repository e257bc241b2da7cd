/** What routing could not do for an event, in plain English. */

/** Most notes that are kept with one event. */
const most = 100;

/** Gathers notes: each once, and not more of them than anyone would read. */
export class Notes {
  private readonly kept = new Set<string>();
  private dropped = 0;

  /** Adds a note, unless it was made before. */
  add(note: string): void {
    if (this.kept.has(note)) return;
    if (this.kept.size < most) this.kept.add(note);
    else this.dropped += 1;
  }

  /** Adds a note that must not be lost among the others, however many there are. */
  insist(note: string): void {
    this.kept.add(note);
  }

  /** The notes in the order in which they were made. */
  all(): string[] {
    return this.dropped === 0 ? [...this.kept] : [...this.kept, `And ${this.dropped} more notes of this kind.`];
  }
}

/** The words of an error, on one line. */
export function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] as string;
}
