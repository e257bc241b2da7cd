/** What the sweep rang for lately, so that it does not ring for the same thing again while the queue is merely long. */

/** How long the sweep waits before it rings for the same thing once more, in milliseconds. */
const repeatMs = 30_000;

/** What was rung for, and when. */
export interface RungList {
  /**
   * Answers those of the ids that are to be rung for now, and takes note of them. A queue that holds nothing has lost what
   * was rung for more than a grace ago: then it is rung for again at once.
   */
  take(ids: readonly string[], nowMs: number, queueIsEmpty: boolean): string[];
  /** Forgets what is so long ago that it may be rung for again. */
  tidy(nowMs: number): void;
}

/** Makes an empty list. `graceMs` is how long a ring is given to be heard, in milliseconds. */
export function createRungList(graceMs: number): RungList {
  const rung = new Map<string, number>();
  return {
    take: (ids, nowMs, queueIsEmpty) => {
      const waitMs = queueIsEmpty ? graceMs : repeatMs;
      const fresh = ids.filter((id) => nowMs - (rung.get(id) ?? -Infinity) >= waitMs);
      for (const id of fresh) rung.set(id, nowMs);
      return fresh;
    },
    tidy: (nowMs) => {
      for (const [id, at] of rung) if (nowMs - at >= repeatMs) rung.delete(id);
    },
  };
}
