/**
 * What was promised and what came: every accepted event, and every arrival at a sink. Events are known by their idempotency
 * key, which their data repeat, because a publisher on AMQP never learns an id.
 */

/** Where an event came in. */
export type Door = 'http' | 'amqp';

/** An event as the producer knows it. */
export interface Expected {
  /** Idempotency key. */
  key: string;
  type: string;
  door: Door;
  /** Place in a series that is sent strictly one after the other; absent when the order does not matter. */
  series?: { name: string; number: number } | undefined;
}

/** What one target saw of one event. */
export interface Seen {
  target: string;
  /** By id of the delivery: when each of its arrivals was answered with success, in milliseconds since 1970. */
  deliveries: Map<string, number[]>;
  /** First arrival, answered with success or not. */
  firstAt: number;
}

/** One event with what became of it. */
export interface Entry extends Partial<Expected> {
  key: string;
  /** When the producer knew that it was accepted, in milliseconds since 1970; absent while it does not. */
  acceptedAt?: number;
  seen: Seen[];
}

/** One arrival at a sink. */
export interface Arrival {
  key: string;
  target: string;
  deliveryId: string;
  at: number;
  /** Whether the sink answered with success. */
  ok: boolean;
  series?: { name: string; number: number } | undefined;
}

/** A later event of a series that a target had before an earlier one. */
export interface OrderViolation {
  target: string;
  series: string;
  /** The one that came too late. */
  number: number;
  after: number;
  at: number;
}

/** A delivery that a sink took more than once. */
export interface Doubled {
  key: string;
  target: string;
  deliveryId: string;
  okAt: number[];
}

/** The book of a run. `targetsOf` says by event type where an event must arrive. */
export class Ledger {
  readonly entries = new Map<string, Entry>();
  readonly orderViolations: OrderViolation[] = [];
  readonly accepted: Record<Door, number> = { http: 0, amqp: 0 };
  /** Accepted events times their targets that have not been reached yet. */
  missing = 0;
  arrivals = 0;
  readonly #last = new Map<string, number>();
  readonly #targetsOf: (type: string) => readonly string[];

  constructor(targetsOf: (type: string) => readonly string[]) {
    this.#targetsOf = targetsOf;
  }

  /** Notes that an event was accepted; a second time changes nothing. */
  accept(event: Expected, at: number): void {
    const entry = this.#entry(event.key);
    if (entry.acceptedAt !== undefined) return;
    Object.assign(entry, event, { acceptedAt: at });
    this.accepted[event.door] += 1;
    this.missing += this.missingTargets(entry).length;
  }

  /** Notes an arrival. */
  arrive(arrival: Arrival): void {
    this.arrivals += 1;
    const entry = this.#entry(arrival.key);
    const known = entry.seen.find((seen) => seen.target === arrival.target);
    const seen = known ?? { target: arrival.target, deliveries: new Map<string, number[]>(), firstAt: arrival.at };
    if (!known) entry.seen.push(seen);
    const okAt = seen.deliveries.get(arrival.deliveryId) ?? [];
    seen.deliveries.set(arrival.deliveryId, okAt);
    if (!arrival.ok) return;
    const isFirst = firstOkAt(seen) === undefined;
    okAt.push(arrival.at);
    if (!isFirst) return;
    if (entry.acceptedAt !== undefined && this.#targetsOf(entry.type ?? '').includes(seen.target)) this.missing -= 1;
    this.#checkOrder(arrival);
  }

  /** Targets where an event should have arrived with success and did not. */
  missingTargets(entry: Entry): string[] {
    const reached = entry.seen.filter((seen) => firstOkAt(seen) !== undefined).map((seen) => seen.target);
    return this.#targetsOf(entry.type ?? '').filter((target) => !reached.includes(target));
  }

  /** Accepted events that have not reached all their targets. */
  unfinished(): Entry[] {
    return [...this.entries.values()].filter(
      (entry) => entry.acceptedAt !== undefined && this.missingTargets(entry).length > 0,
    );
  }

  /** Deliveries that a sink answered with success more than once. */
  doubled(): Doubled[] {
    return this.#allSeen().flatMap(({ key, seen }) =>
      [...seen.deliveries]
        .filter(([, okAt]) => okAt.length > 1)
        .map(([deliveryId, okAt]) => ({ key, target: seen.target, deliveryId, okAt })),
    );
  }

  /** Events of which one target got several deliveries: what a sink that knows repeats by their id cannot see. */
  twice(): { key: string; target: string; deliveryIds: string[] }[] {
    return this.#allSeen()
      .filter(({ seen }) => seen.deliveries.size > 1)
      .map(({ key, seen }) => ({ key, target: seen.target, deliveryIds: [...seen.deliveries.keys()] }));
  }

  /** From acceptance to the first success at each target, in milliseconds, ascending; of the targets that `of` names. */
  delays(of: (target: string, acceptedAt: number) => boolean = () => true): number[] {
    const delays = this.#allSeen().flatMap(({ acceptedAt, seen }) => {
      const at = firstOkAt(seen);
      if (acceptedAt === undefined || at === undefined || !of(seen.target, acceptedAt)) return [];
      return [Math.max(0, at - acceptedAt)];
    });
    return delays.sort((one, other) => one - other);
  }

  /** How many deliveries have reached a target with success, repeats not counted. */
  delivered(): number {
    return this.#allSeen().filter(({ seen }) => firstOkAt(seen) !== undefined).length;
  }

  #allSeen(): { key: string; acceptedAt: number | undefined; seen: Seen }[] {
    return [...this.entries.values()].flatMap(({ key, acceptedAt, seen }) =>
      seen.map((one) => ({ key, acceptedAt, seen: one })),
    );
  }

  #entry(key: string): Entry {
    const known = this.entries.get(key);
    if (known) return known;
    const fresh: Entry = { key, seen: [] };
    this.entries.set(key, fresh);
    return fresh;
  }

  #checkOrder({ series, target, at }: Arrival): void {
    if (!series) return;
    const place = `${series.name} ${target}`;
    const last = this.#last.get(place) ?? -1;
    if (series.number < last)
      this.orderViolations.push({ target, series: series.name, number: series.number, after: last, at });
    else this.#last.set(place, series.number);
  }
}

function firstOkAt(seen: Seen): number | undefined {
  let first: number | undefined;
  for (const [at] of seen.deliveries.values()) if (at !== undefined && (first === undefined || at < first)) first = at;
  return first;
}

/** The value below which the given share of an ascending list lies; 0 for an empty one. */
export function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? 0;
}
