/** Who is calling: the look-up of an API key on every request, out of memory nearly always. */
import type { Scope } from '#contract';
import type { Logger } from '#platform/log';
import type { Database } from '../database.ts';
import { createListener, type Listener } from '../listener.ts';
import { ExpiringMap } from './expiring-map.ts';
import { keysChannel } from './keys.ts';

/** A key that was found. */
export interface FoundKey {
  id: string;
  name: string;
  scopes: Scope[];
}

/** Finds keys by their hash. */
export interface KeyFinder {
  /** The key with this SHA-256 of its text. A key known already is answered without asking PostgreSQL. */
  find(sha256: Buffer): Promise<FoundKey | undefined>;
  /** Notes that a key was used; written at most once a minute, for all keys at once. */
  touch(id: string): void;
  /** Writes what was noted and stops. */
  close(): Promise<void>;
}

/** How a key finder lives. */
export interface KeyFinderOptions {
  log: Logger;
  /** A started listener to share; a connection of its own when absent. */
  listener?: Listener;
  /** Least time between two writes of last use, in milliseconds. 60,000 when absent. */
  touchEveryMs?: number;
}

const known = { maxEntries: 10_000, ttlMs: 30_000 };
/** Small and short-lived: whoever tries keys must neither fill the memory nor lock out a key that is made a moment later. */
const unknown = { maxEntries: 1_000, ttlMs: 2_000 };
/** A first use shows soon, yet a burst of first uses is one write. */
const firstTouchMs = 500;
/**
 * Longest look-up, in milliseconds: whoever asks for a key shares the question with those before, so one that is never answered
 * would lock the key out. The types of `pg` know the option of the connection only.
 */
const patience = { query_timeout: 5_000 };

/** Makes a key finder. It hears of revoked keys by NOTIFY, and forgets everything after 30 s in any case. */
export function createKeyFinder(
  database: Pick<Database, 'pool' | 'connectionString'>,
  options: KeyFinderOptions,
): KeyFinder {
  const finder = new CachingKeyFinder(database, options);
  const own = options.listener ? undefined : createListener(database, { log: options.log });
  const listener = options.listener ?? own!;
  listener.on(keysChannel, () => finder.forget());
  void own?.start();
  return {
    find: (sha256) => finder.find(sha256),
    touch: (id) => finder.touch(id),
    close: async () => {
      await own?.close();
      await finder.close();
    },
  };
}

class CachingKeyFinder {
  readonly #database: Pick<Database, 'pool'>;
  readonly #log: Logger;
  readonly #touchEveryMs: number;
  readonly #known = new ExpiringMap<Promise<FoundKey | undefined>>(known.maxEntries, known.ttlMs);
  readonly #unknown = new ExpiringMap<Promise<FoundKey | undefined>>(unknown.maxEntries, unknown.ttlMs);
  readonly #pending = new Map<string, Promise<FoundKey | undefined>>();
  readonly #touched = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #lastWriteMs = 0;

  constructor(database: Pick<Database, 'pool'>, options: KeyFinderOptions) {
    this.#database = database;
    this.#log = options.log;
    this.#touchEveryMs = options.touchEveryMs ?? 60_000;
  }

  find(sha256: Buffer): Promise<FoundKey | undefined> {
    const hash = sha256.toString('latin1');
    const nowMs = Date.now();
    return (
      this.#known.get(hash, nowMs) ??
      this.#unknown.get(hash, nowMs) ??
      this.#pending.get(hash) ??
      this.#look(hash, sha256)
    );
  }

  forget(): void {
    this.#known.clear();
    this.#unknown.clear();
    // Answers under way may be from before the change: they serve those who asked, but are not kept.
    this.#pending.clear();
  }

  #look(hash: string, sha256: Buffer): Promise<FoundKey | undefined> {
    const looking: Promise<FoundKey | undefined> = this.#database.pool
      .query<FoundKey>({
        name: 'find_key',
        ...patience,
        text: 'SELECT id, name, scopes FROM api_key WHERE hash = $1',
        values: [sha256],
      })
      .then(({ rows }) => {
        if (this.#pending.get(hash) === looking) (rows[0] ? this.#known : this.#unknown).set(hash, looking, Date.now());
        return rows[0];
      })
      .finally(() => {
        if (this.#pending.get(hash) === looking) this.#pending.delete(hash);
      });
    this.#pending.set(hash, looking);
    return looking;
  }

  touch(id: string): void {
    this.#touched.add(id);
    if (this.#timer) return;
    const waitMs = Math.max(
      Math.min(firstTouchMs, this.#touchEveryMs),
      this.#lastWriteMs + this.#touchEveryMs - Date.now(),
    );
    this.#timer = setTimeout(() => void this.#write(), waitMs);
    this.#timer.unref();
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#touched.size === 0) return;
    const ids = [...this.#touched];
    this.#touched.clear();
    this.#lastWriteMs = Date.now();
    try {
      await this.#database.pool.query('UPDATE api_key SET last_used_at = now() WHERE id = ANY($1::uuid[])', [ids]);
    } catch (error) {
      // Last use is a courtesy; the next request of the key notes it again.
      this.#log.warn({ error }, 'key.touch_failed');
    }
  }

  close(): Promise<void> {
    return this.#write();
  }
}
