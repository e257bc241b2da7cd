/** The load of a run: single events and arrays over HTTP, series in strict order, and messages over AMQP. */
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Publisher } from './amqp-load.ts';
import { Sender, Stream } from './http-load.ts';
import type { Expected } from './ledger.ts';
import { createChance, type Chance } from './seeded.ts';
import type { World } from './world.ts';

/** How much to send. */
export interface TrafficOrder {
  /** Events per second over all doors. */
  rate: number;
  seed: number;
  /** Event types of the unordered load; a type that stands there twice is sent twice as often. */
  types: readonly string[];
  /** Event type of the series. */
  seriesType: string;
}

/** How many series there are, each sending one event after the other. */
const seriesCount = 30;
/** Parts of the rate. */
const shares = { series: 0.1, amqp: 0.25, singles: 0.3 };
const tickMs = 50;
/** Requests under way beyond which a producer would rather wait. */
const mostOpen = 150;

/** A load that runs until it is stopped. */
export class Traffic {
  readonly sender: Sender;
  readonly publisher: Publisher | undefined;
  readonly #order: TrafficOrder;
  readonly #chance: Chance;
  readonly #stopping = new AbortController();
  #count = 0;
  #running: Promise<unknown> = Promise.resolve();

  constructor(world: World, order: TrafficOrder) {
    this.#order = order;
    this.#chance = createChance(order.seed + 1);
    const urls = world.of('ingest').map(({ url }) => url);
    this.sender = new Sender({ urls, key: world.key, ledger: world.ledger });
    this.publisher = world.rabbit && new Publisher(world.rabbit.url, world.ledger);
  }

  /** Begins. */
  start(): void {
    const { rate } = this.#order;
    setMaxListeners(0, this.#stopping.signal);
    this.publisher?.start();
    const amqp = this.publisher ? shares.amqp : 0;
    this.#running = Promise.all([
      ...Array.from({ length: seriesCount }, (_, index) => this.#sendSeries(`series-${index}`)),
      this.#sendSteadily(rate * shares.singles, () => 1, 'http'),
      this.#sendSteadily(
        rate * (1 - shares.series - shares.singles - amqp),
        () => this.#chance.between(10, 60),
        'http',
      ),
      ...(amqp > 0
        ? [this.#sendSteadily(rate * amqp, () => (this.#chance.next() < 0.8 ? 1 : this.#chance.between(2, 20)), 'amqp')]
        : []),
    ]);
  }

  /** Requests and messages that have not been accepted yet. */
  get open(): number {
    return this.sender.open + (this.publisher?.open ?? 0);
  }

  /** Sends nothing new, and waits at most so many milliseconds until what is open has been accepted. */
  async finish(withinMs: number): Promise<void> {
    this.#stopping.abort();
    const deadline = Date.now() + withinMs;
    while (this.open > 0 && Date.now() < deadline) await pause(50);
    await this.sender.stop();
    await this.publisher?.stop();
    await this.#running;
  }

  async #sendSeries(name: string): Promise<void> {
    const gapMs = (1000 * seriesCount) / (this.#order.rate * shares.series);
    for (let number = 0; !this.#stopping.signal.aborted; number += 1) {
      const event: Expected = { ...this.#event(this.#order.seriesType, 'http'), series: { name, number } };
      // One that was given up on would leave a hole that is nobody's fault.
      if (!(await this.sender.send([event]))) return;
      await this.#rest(gapMs * (0.5 + this.#chance.next()));
    }
  }

  async #sendSteadily(perSecond: number, size: () => number, door: Expected['door']): Promise<void> {
    const stream = new Stream(perSecond);
    let owed = 0;
    let next = size();
    while (!this.#stopping.signal.aborted) {
      const open = (door === 'amqp' ? this.publisher?.open : this.sender.open) ?? 0;
      if (open < mostOpen) {
        const due = stream.due();
        stream.sent += due;
        owed += due;
      }
      for (; owed >= next; next = size()) {
        owed -= next;
        this.#dispatch(next, door);
      }
      await this.#rest(tickMs);
    }
  }

  #dispatch(count: number, door: Expected['door']): void {
    const events = Array.from({ length: count }, () => this.#event(this.#chance.pick(this.#order.types), door));
    if (door === 'amqp') this.publisher?.send(events);
    else void this.sender.send(events);
  }

  #event(type: string, door: Expected['door']): Expected {
    this.#count += 1;
    return { key: `e${this.#count}`, type, door };
  }

  #rest(ms: number): Promise<void> {
    return pause(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
