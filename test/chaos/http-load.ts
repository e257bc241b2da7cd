/**
 * Producers over HTTP that behave well: what was not answered with 202 is sent again with the same idempotency key, to the
 * other ingest when one does not answer, and not before the time that an answer asks for.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import type { Expected, Ledger } from './ledger.ts';

/** What goes over the wire: the event with its key and, where the order matters, its place in the series. */
export function plainEventOf({ key, type, series }: Expected): Record<string, unknown> {
  return {
    type,
    source: 'chaos',
    subject: `order/${key}`,
    idempotencyKey: key,
    ...(series ? { correlationKey: series.name } : {}),
    data: { key, ...(series ? { series } : {}), customer: 'ООО «Ромашка»', warehouse: 'MSK-1', qty: 7 },
  };
}

/** What the producers need. */
export interface SenderOrder {
  urls: readonly string[];
  key: string;
  ledger: Ledger;
}

const answerWithinMs = 12_000;
const longestPauseMs = 5000;

/** Sends requests until they are accepted, and counts how they were answered. */
export class Sender {
  /** Requests by status, or by what became of the connection. */
  readonly answers = new Map<string, number>();
  /** Requests that were refused for good, with what was said; a well-formed event must never be. */
  readonly refusals: string[] = [];
  /** Requests under way or waiting for another try. */
  open = 0;
  readonly #pools: Pool[];
  readonly #key: string;
  readonly #ledger: Ledger;
  #turn = 0;
  #stopped = false;

  constructor({ urls, key, ledger }: SenderOrder) {
    this.#key = key;
    this.#ledger = ledger;
    const limits = { headersTimeout: answerWithinMs, bodyTimeout: answerWithinMs, connect: { timeout: 3000 } };
    this.#pools = urls.map((url) => new Pool(url, { connections: 48, ...limits }));
  }

  /** Sends events as one request, one alone or several as an array. Answers whether they were accepted in the end. */
  async send(events: readonly Expected[]): Promise<boolean> {
    const plain = events.map(plainEventOf);
    const body = JSON.stringify(plain.length === 1 ? plain[0] : plain);
    this.open += 1;
    try {
      let at = (this.#turn += 1);
      for (let round = 1; !this.#stopped; round += 1) {
        const answer = await this.#post(this.#pools[at % this.#pools.length]!, body);
        if (answer.status === 202) {
          const now = Date.now();
          for (const event of events) this.#ledger.accept(event, now);
          return true;
        }
        if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
          this.refusals.push(`${answer.status} ${answer.text}`);
          return false;
        }
        at += 1;
        await pause(answer.waitMs ?? Math.min(longestPauseMs, 100 * 2 ** Math.min(round, 6)));
      }
      return false;
    } finally {
      this.open -= 1;
    }
  }

  /** Gives up on what is still open. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#pools.map((pool) => pool.destroy()));
  }

  async #post(pool: Pool, body: string): Promise<{ status: number; text: string; waitMs?: number | undefined }> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${this.#key}` };
    try {
      const answer = await pool.request({ path: '/v1/events', method: 'POST', headers, body });
      const text = await answer.body.text();
      this.#count(String(answer.statusCode));
      const asked = Number(answer.headers['retry-after']);
      const waitMs = asked > 0 ? Math.min(longestPauseMs, asked * 1000) : undefined;
      return { status: answer.statusCode, text: text.slice(0, 300), waitMs };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.#count(code ?? message);
      return { status: 0, text: message };
    }
  }

  #count(what: string): void {
    this.answers.set(what, (this.answers.get(what) ?? 0) + 1);
  }
}

/** A steady stream of events that catches up, within bounds, on what a fault has held up. */
export class Stream {
  sent = 0;
  readonly #perSecond: number;
  readonly #startedAt = Date.now();
  #lastAt = Date.now();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** How many events are due now; at most twice the rate since the last question. The caller sends them all. */
  due(): number {
    const now = Date.now();
    const behind = Math.floor((this.#perSecond * (now - this.#startedAt)) / 1000) - this.sent;
    const bound = Math.ceil((2 * this.#perSecond * (now - this.#lastAt)) / 1000);
    this.#lastAt = now;
    return Math.max(0, Math.min(behind, bound));
  }
}
