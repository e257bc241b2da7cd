/** Work that is done again and again, one round at a time. */

/** What is done, and how often. */
export interface RoundsOrder {
  everyMs: number;
  work: () => Promise<void>;
  /** Told of a round that failed; the next one comes all the same. */
  failed: (error: unknown) => void;
}

/** Running rounds. */
export interface Rounds {
  /** One round; the timer calls it, tests may too. While one is under way, it is that one. Never rejects. */
  round(): Promise<void>;
  /** Begins no more rounds and waits for the one under way. */
  close(): Promise<void>;
}

/** Starts the rounds; the first one comes after `everyMs` milliseconds. */
export function startRounds({ everyMs, work, failed }: RoundsOrder): Rounds {
  let running: Promise<void> | undefined;

  function round(): Promise<void> {
    running ??= work()
      .catch(failed)
      .finally(() => (running = undefined));
    return running;
  }

  const timer = setInterval(() => void round(), everyMs);
  return {
    round,
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
