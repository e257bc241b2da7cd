/** What explanations say is what the router does: for ten thousand events, against what then stands in PostgreSQL. */
import type { ExplainAnswer } from '#contract';
import { compileBook, explainEvent } from '#domain/routing';
import { acceptEvents, createReading, followersOf, type NewEvent } from '#platform/store';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';
import { uuidv7 } from 'uuidv7';
import { routeEvents } from './routing.ts';
import { diceOf, everyone, randomBook, randomEvent, subjects, type Dice } from './spec-random-book.ts';
import { openWorld, type RouterWorld } from './spec-world.ts';

const seed = 20_261_120;
const batches = 20;
const eventsPerBatch = 500;
const rules = 200;

let world: RouterWorld;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

type Explained = ExplainAnswer['deliveries'][number];

/** The deliveries of some events as they are stored, in the form of explanations. */
async function storedDeliveries(eventIds: readonly string[]): Promise<Map<string, Explained[]>> {
  const { rows } = await world.database.pool.query<Record<string, unknown>>(
    'SELECT * FROM delivery WHERE event_id = ANY($1::uuid[]) ORDER BY id',
    [eventIds],
  );
  const stored = new Map<string, Explained[]>(eventIds.map((id) => [id, []]));
  for (const row of rows) {
    stored.get(row['event_id'] as string)!.push({
      rule: row['rule'],
      ...(row['recipient'] === null ? {} : { recipient: row['recipient'] }),
      backend: row['backend'],
      to: row['address'],
      toKind: row['address_kind'],
      message: row['message'],
      fallbacks: (row['fallbacks'] as { next: unknown[] } | null)?.next ?? [],
      ...(row['state'] === 'waiting' ? { notBefore: (row['due_at'] as Date).toISOString() } : {}),
    } as Explained);
  }
  return stored;
}

async function someFollow(dice: Dice): Promise<void> {
  const follows = Array.from({ length: 100 }, () => [dice.one(subjects), dice.one([...everyone, 'ghost'])] as const);
  await world.database.pool.query(
    `INSERT INTO follow (subject, recipient, created_by, until) SELECT *, 'spec', NULL FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING`,
    [follows.map(([subject]) => subject), follows.map(([, recipient]) => recipient)],
  );
}

function makeEvents(dice: Dice): NewEvent[] {
  return Array.from({ length: eventsPerBatch }, () => ({
    ...randomEvent(dice),
    id: uuidv7(),
    source: 'erp',
    time: '2026-11-20T09:00:00.000Z',
    idempotencyKey: undefined,
    extensions: undefined,
  }));
}

describe('explanations', () => {
  it(`say of ${batches * eventsPerBatch} random events by ${rules} random rules what the router then does`, async () => {
    const dice = diceOf(seed);
    const stored = randomBook(dice, rules);
    // Two books, so that nothing one of them remembers helps the other.
    const [routing, explaining] = [compileBook(stored), compileBook(stored)];
    await someFollow(dice);
    const { database, queues, circuits, log, troubles } = world;
    const seen = { deliveries: 0, waiting: 0, outcomes: new Set<string>(), kinds: new Set<string>(), notes: '' };
    for (let batch = 0; batch < batches; batch += 1) {
      const now = new Date(Date.parse('2026-11-20T00:00:00Z') + batch * 7 * 3_600_000);
      const events = makeEvents(dice);
      await acceptEvents(database, events);
      const ids = events.map(({ id }) => id);
      await routeEvents({ database, queues, circuits, log, troubles, book: async () => routing, now: () => now }, ids);
      const followers = await followersOf(database, subjects, now);
      const made = await storedDeliveries(ids);
      for (const event of events) {
        const explained = explainEvent(explaining, event, { now, followers });
        // Jest's own comparison takes most of the time; it is only needed to show a difference.
        const told = made.get(event.id);
        if (!isDeepStrictEqual(told, explained.deliveries)) expect(told).toEqual(explained.deliveries);
        seen.deliveries += explained.deliveries.length;
        seen.waiting += explained.deliveries.filter(({ notBefore }) => notBefore).length;
        for (const { outcome, through } of explained.recipients) {
          seen.outcomes.add(outcome);
          for (const step of through) seen.kinds.add(step.slice(0, step.indexOf(':')));
        }
        if (batch === 0) seen.notes += explained.notes.join();
      }
      const [first] = events;
      const story = await createReading(database).getEvent(first!.id);
      const { recipients, notes } = explainEvent(explaining, first!, { now, followers });
      expect([story!.recipients ?? [], story!.notes, story!.revision]).toEqual([
        recipients,
        notes,
        Number(stored.version),
      ]);
    }
    // That so much happened shows that the book is not one by which nothing does.
    expect(seen.deliveries).toBeGreaterThan(50_000);
    expect(seen.waiting).toBeGreaterThan(10_000);
    expect([...seen.outcomes].sort()).toEqual(['alreadyTold', 'noAddress', 'told', 'unknown', 'waits']);
    expect([...seen.kinds].sort()).toEqual(['attr', 'followers', 'group', 'recipient', 'role', 'room', 'schedule']);
    expect(seen.notes).toMatch(/`otherwise` was told/);
    expect(seen.notes).toMatch(/`catchAll` was told/);
  }, 300_000);
});
