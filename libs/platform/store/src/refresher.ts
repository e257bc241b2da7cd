/** Reads again what may have changed: one reading at a time, and whoever asks while one is under way gets a newer one. */

/**
 * Makes the question "what stands there now?" of a reading. The promise resolves once a reading that was begun after the
 * question is done, and rejects when that fails. Questions that come meanwhile share the next reading.
 */
export function createRefresher(read: () => Promise<void>): () => Promise<void> {
  let reading: Promise<void> | undefined;
  let again = false;

  async function readOn(): Promise<void> {
    try {
      do {
        again = false;
        await read();
      } while (again);
    } finally {
      // At once: whoever asks from here on must not be answered with what was read before.
      reading = undefined;
    }
  }

  return () => {
    again = true;
    reading ??= readOn();
    return reading;
  };
}
