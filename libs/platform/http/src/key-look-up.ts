import { HouseError } from '#contract';
import { isAway } from './away.ts';
import type { ActorView, KeyFinder } from './keys.ts';

/** Longest wait for the look-up of a key, in milliseconds; a database that hangs must not keep its callers. */
const longestLookUpMs = 5_000;

/** Seconds after which a caller may try again whose key could not be looked up. */
const awaySeconds = 2;

/**
 * Looks keys up with bounded patience. Once a look-up failed or took too long, one at a time finds out whether the database is
 * back; whoever comes meanwhile with a key that is not in memory is refused at once.
 */
export class KeyLookUp {
  readonly #keys: KeyFinder;
  readonly #longestMs: number;
  #away = false;
  #probing = false;

  constructor(keys: KeyFinder, longestMs = longestLookUpMs) {
    this.#keys = keys;
    this.#longestMs = longestMs;
  }

  /** The key with this hash. Rejects with `UNAVAILABLE` when that is not found out in time. */
  async find(sha256: Buffer): Promise<ActorView | undefined> {
    const found = this.#keys.find(sha256);
    // A key in memory is there before the next turn of the loop.
    if (this.#away && this.#probing) return within(found, (late) => void setImmediate(late));
    this.#probing = this.#away;
    let timer: NodeJS.Timeout | undefined;
    try {
      const actor = await within(found, (late) => (timer = setTimeout(late, this.#longestMs)));
      this.#away = false;
      return actor;
    } catch (error) {
      if (isAway(error) || error instanceof HouseError) this.#away = true;
      throw error;
    } finally {
      clearTimeout(timer);
      this.#probing = false;
    }
  }
}

/** The answer, or a refusal when `wait` is over first. */
function within<T>(answer: Promise<T>, wait: (late: () => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    answer.then(resolve, reject);
    wait(() => reject(unavailable()));
  });
}

function unavailable(): HouseError {
  return new HouseError('UNAVAILABLE', { detail: 'The key could not be looked up.', retryAfterSeconds: awaySeconds });
}
