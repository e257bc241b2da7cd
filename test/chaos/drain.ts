/** Waiting until everything that was accepted has arrived or stands where it will stay. */
import { setTimeout as pause } from 'node:timers/promises';
import type { World } from './world.ts';

/** What is under way according to the database. */
export interface Backlog {
  /** Events that have not been routed. */
  unrouted: number;
  /** Deliveries that are neither delivered nor given up, by state. */
  states: Record<string, number>;
}

/** Asks the database what is under way. */
export async function backlogOf(world: World): Promise<Backlog> {
  const [events, deliveries] = await Promise.all([
    world.ask<{ count: number }>(`SELECT count(*)::int AS count FROM event WHERE state = 'accepted'`),
    world.ask<{ state: string; count: number }>(
      `SELECT state, count(*)::int AS count FROM delivery WHERE finished_at IS NULL AND dead_at IS NULL GROUP BY state`,
    ),
  ]);
  return {
    unrouted: events[0]?.count ?? 0,
    states: Object.fromEntries(deliveries.map(({ state, count }) => [state, count])),
  };
}

/** What a drain needs. */
export interface DrainOrder {
  withinMs: number;
  signal: AbortSignal;
  /** Called before each look. */
  refresh(): Promise<void>;
  say(line: string): void;
}

const lookEveryMs = 500;
const sayEveryMs = 10_000;
/** With nothing under way and nothing coming for so long, nothing will come any more. */
const quietMs = 15_000;

/** Waits until nothing is under way. Answers how long that took, in milliseconds; `undefined` when it gave up. */
export async function drain(world: World, order: DrainOrder): Promise<number | undefined> {
  const startedAt = Date.now();
  let [saidAt, quietSince, missing] = [startedAt, startedAt, world.ledger.missing];
  while (!order.signal.aborted) {
    await order.refresh();
    const now = Date.now();
    const backlog = await backlogOf(world);
    const open = backlog.unrouted + Object.values(backlog.states).reduce((sum, count) => sum + count, 0);
    if (open > 0 || world.ledger.missing !== missing) quietSince = now;
    missing = world.ledger.missing;
    if (open === 0 && (missing === 0 || now - quietSince > quietMs)) return now - startedAt;
    if (now - startedAt > order.withinMs) return undefined;
    if (now - saidAt > sayEveryMs) {
      saidAt = now;
      order.say(`draining: ${missing} have not arrived; unrouted ${backlog.unrouted}, ${statesOf(backlog)}`);
    }
    await pause(lookEveryMs);
  }
  return undefined;
}

/** The open states in one line. */
export function statesOf({ states }: Backlog): string {
  const parts = Object.entries(states).map(([state, count]) => `${state} ${count}`);
  return parts.join(', ') || 'no delivery under way';
}
