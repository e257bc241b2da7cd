/** Whom the rules meant, by which way, and what became of them. */
import { mostTrailEntries, type TrailEntry } from '#contract';

/** Gathers the entries of one event: no more of them than are kept. */
export class Trail {
  readonly entries: TrailEntry[] = [];
  /** Entries that there was no room for. */
  dropped = 0;

  /** Adds an entry. */
  add(entry: TrailEntry): void {
    if (this.entries.length < mostTrailEntries) this.entries.push(entry);
    else this.dropped += 1;
  }
}
