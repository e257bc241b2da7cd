/** Lets at most `limit` pieces of work run at once; the rest wait their turn in order. */
export interface Gate {
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** Makes a gate. */
export function createGate(limit: number): Gate {
  const waiting: (() => void)[] = [];
  let free = limit;

  async function enter(): Promise<void> {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function leave(): void {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  }

  return {
    run: async (work) => {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
