import { uuidTimeMs } from '#contract';
import type { CompiledBook } from '#domain/routing';
import { forgetTrouble, troublesOf } from '#platform/store';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { byBackend, routeEvents } from './routing.ts';
import { makeEvent, openWorld, specBook, type RouterWorld } from './spec-world.ts';

let world: RouterWorld;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(() => {
  world.rings.splice(0);
  world.circuits.clear();
});
afterAll(() => world.close());

async function route(ids: readonly string[], book: CompiledBook = specBook()): Promise<void> {
  const { database, queues, circuits, log, troubles } = world;
  await routeEvents({ database, queues, circuits, log, troubles, book: async () => book }, ids);
}

async function eventOf(id: string): Promise<Record<string, unknown>> {
  const { rows } = await world.database.pool.query('SELECT state, rules, notes FROM event WHERE id = $1', [id]);
  return rows[0] as Record<string, unknown>;
}

async function deliveriesOf(eventId: string): Promise<Record<string, unknown>[]> {
  const { rows } = await world.database.pool.query<Record<string, unknown>>(
    'SELECT * FROM delivery WHERE event_id = $1 ORDER BY id',
    [eventId],
  );
  return rows;
}

describe('routing', () => {
  it('makes a delivery with its fallbacks, marks the event, and rings its backend', async () => {
    const id = await makeEvent(world.database);
    await route([id]);
    expect(await eventOf(id)).toEqual({ state: 'routed', rules: ['stock-low'], notes: [] });
    const [delivery, ...rest] = await deliveriesOf(id);
    expect(rest).toEqual([]);
    expect(delivery).toMatchObject({
      rule: 'stock-low',
      recipient: 'anna',
      backend: 'hq',
      address: 'anna@hq',
      state: 'pending',
      attempts: 0,
      fallbacks: { next: [{ backend: 'desk', to: 'anna@desk' }] },
    });
    expect(world.rings).toEqual([['hq', [delivery!['id']]]]);
  });

  it('rings once per backend for a whole batch', async () => {
    const ids = [];
    for (let n = 0; n < 5; n += 1) ids.push(await makeEvent(world.database));
    await route(ids, specBook({ both: { notify: [{ to: ['recipient:anna'], strategy: 'all' }] } }));
    expect(world.rings.map(([backend, found]) => [backend, found.length]).sort()).toEqual([
      ['desk', 5],
      ['hq', 5],
    ]);
  });

  it.each(['open', 'draining', 'paused'] as const)(
    'does not ring for a backend that is %s, where what is new must not overtake what waits',
    async (state) => {
      world.circuits.set('hq', state);
      const id = await makeEvent(world.database);
      await route([id], specBook({ both: { notify: [{ to: ['recipient:anna'], strategy: 'all' }] } }));
      expect((await deliveriesOf(id)).map(({ backend }) => backend).sort()).toEqual(['desk', 'hq']);
      expect(world.rings.map(([backend]) => backend)).toEqual(['desk']);
    },
  );

  it('tells the delivery how long its news is good, and what to do about somebody who is offline', async () => {
    const id = await makeEvent(world.database);
    const notify = [{ to: ['recipient:anna'], strategy: 'first' as const, whenOffline: 'hold' as const }];
    await route([id], specBook({ bounded: { validForSeconds: 90.5, notify } }));
    const free = await makeEvent(world.database);
    await route([free]);
    expect(await deliveriesOf(id)).toMatchObject([
      { when_offline: 'hold', valid_until: new Date(uuidTimeMs(id) + 90_500) },
    ]);
    expect(await deliveriesOf(free)).toMatchObject([{ when_offline: null, valid_until: null }]);
  });

  it('gives an address its patience while another is left, and none to the last', async () => {
    const id = await makeEvent(world.database);
    const notify = [{ to: ['recipient:anna'], strategy: 'first' as const, fallbackAfterSeconds: 40 }];
    await route([id], specBook({ patient: { notify } }));
    const all = await makeEvent(world.database);
    await route([all], specBook({ both: { notify: [{ to: ['recipient:anna'], strategy: 'all' }] } }));
    const until = (await deliveriesOf(id))[0]!['give_up_at'] as Date;
    expect(Math.abs(until.getTime() - Date.now() - 40_000)).toBeLessThan(5000);
    expect((await deliveriesOf(all)).map((delivery) => delivery['give_up_at'])).toEqual([null, null]);
  });

  it('puts the deliveries of one story to one address in a line, and others in none', async () => {
    const story = { correlationKey: 'order/7' };
    const ids = [await makeEvent(world.database, story), await makeEvent(world.database, story)];
    const single = await makeEvent(world.database);
    await route([...ids, single]);
    const keys = [];
    for (const id of [...ids, single]) keys.push((await deliveriesOf(id))[0]!['order_key']);
    expect(keys).toEqual([expect.any(String), keys[0], null]);
  });

  it('leaves what waits for its hours unrung, and tells with the event whom it meant and by which book', async () => {
    const id = await makeEvent(world.database);
    const notify = [{ to: ['recipient:anna', 'room:desk/x'], strategy: 'first' as const }];
    const quietHours = [{ from: '00:00', to: '12:00' }];
    const book = specBook({ calm: { notify, quietHours, priority: 'high', validForSeconds: 60 } });
    const { database, queues, circuits, log, troubles } = world;
    const now = () => new Date('2026-11-20T09:00:00Z');
    await routeEvents({ database, queues, circuits, log, troubles, book: async () => book, now }, [id]);
    const noon = new Date('2026-11-20T12:00:00Z');
    expect(await deliveriesOf(id)).toMatchObject([
      { state: 'waiting', due_at: noon, priority: 'high', valid_until: new Date(uuidTimeMs(id) + 60_000) },
      { state: 'waiting', due_at: noon },
    ]);
    expect(world.rings).toEqual([]);
    const { rows } = await database.pool.query('SELECT trail, book_version FROM event WHERE id = $1', [id]);
    const waits = { rule: 'calm', outcome: 'waits', until: noon.toISOString() };
    expect(rows).toEqual([
      {
        trail: [
          { ...waits, recipient: 'anna', through: ['recipient:anna'] },
          { ...waits, room: 'desk/x', through: ['room:desk/x'] },
        ],
        book_version: '1',
      },
    ]);
  });

  it('asks for followers once for a batch, and not at all where no rule tells any', async () => {
    const ids = [await makeEvent(world.database, { subject: 'a' }), await makeEvent(world.database, { subject: 'b' })];
    const asked: unknown[] = [];
    const { database, queues, circuits, log, troubles } = world;
    const query = (...args: unknown[]) => {
      if ((args[0] as { name?: string }).name === 'followers') asked.push((args[0] as { values: unknown[] }).values[0]);
      return (database.pool.query as (...all: unknown[]) => unknown)(...args);
    };
    const watched = { ...database, pool: { query } as unknown as typeof database.pool };
    const routeWatched = (book: CompiledBook) =>
      routeEvents({ database: watched, queues, circuits, log, troubles, book: async () => book }, ids);
    await routeWatched(specBook());
    expect(asked).toEqual([]);
    await routeWatched(specBook({ fans: { notify: [{ to: ['followers:{{ subject }}'], strategy: 'first' }] } }));
    expect(asked).toEqual([['a', 'b']]);
  });

  it('routes all events of a batch, also when one asks for followers of what nobody can follow', async () => {
    const ids = [
      await makeEvent(world.database, { data: { of: 'order\u0000' } }),
      await makeEvent(world.database, { data: { of: 'half \ud800' } }),
      await makeEvent(world.database),
    ];
    const notify = [{ to: ['followers:{{ data.of }}', 'recipient:anna'], strategy: 'first' as const }];
    await route(ids, specBook({ fans: { notify } }));
    for (const id of ids) expect(await eventOf(id)).toMatchObject({ state: 'routed', rules: ['fans'] });
  });

  it('counts what goes wrong with the `when` of rules, until the rule is changed', async () => {
    const ids = [await makeEvent(world.database), await makeEvent(world.database), await makeEvent(world.database)];
    await route(ids.slice(0, 2), specBook({ broken: { when: 'data.none > 3' }, sound: {} }));
    await world.troubles.round();
    await route(ids.slice(2), specBook({ broken: { when: 'data.none > 3' } }));
    await world.troubles.round();
    const [trouble, ...others] = await troublesOf(world.database, ['broken', 'sound']);
    expect(others).toEqual([]);
    expect(trouble).toEqual([
      'broken',
      expect.objectContaining({
        count: 3,
        eventId: `evt_${ids[2]}`,
        reason: expect.stringMatching(/No such key: none/),
      }),
    ]);
    await forgetTrouble(world.database.pool, ['broken']);
    expect((await troublesOf(world.database, ['broken'])).size).toBe(0);
  });

  it('keeps an event that no rule wants as unmatched, and rings for nobody', async () => {
    const id = await makeEvent(world.database, { type: 'nothing' });
    await route([id]);
    expect(await eventOf(id)).toEqual({ state: 'unmatched', rules: [], notes: [] });
    expect([await deliveriesOf(id), world.rings]).toEqual([[], []]);
  });

  it('changes nothing the second time, nor for ids that are not there', async () => {
    const id = await makeEvent(world.database);
    await route([id]);
    world.rings.splice(0);
    await Promise.all([route([id]), route([id, uuidv7()]), route([uuidv7()])]);
    expect(await deliveriesOf(id)).toHaveLength(1);
    expect(world.rings).toEqual([]);
  });

  it('waits for a book as new as the rules were when the event was stored, or when it was read', async () => {
    const { database, queues, circuits, log, troubles } = world;
    const versionNow = async () =>
      BigInt((await database.pool.query<{ version: string }>('SELECT version FROM book')).rows[0]!.version);
    const asked: bigint[] = [];
    const book = async (version: bigint) => (asked.push(version), specBook());
    const id = await makeEvent(database);
    const stored = await versionNow();
    await database.pool.query('UPDATE book SET version = version + 5');
    await routeEvents({ database, queues, circuits, log, troubles, book }, [id]);
    database.events.forget(id);
    await routeEvents({ database, queues, circuits, log, troubles, book }, [id]);
    expect(asked).toEqual([stored, stored + 5n]);
  });

  it('keeps an event that makes the code throw, with the fault in its notes, and routes the others', async () => {
    const book = specBook();
    const match: CompiledBook['rules']['match'] = (event, failures) => {
      if (event.type === 'poison') throw new Error('the rule engine tripped');
      return book.rules.match(event, failures);
    };
    const trapped: CompiledBook = { ...book, rules: { ...book.rules, match } as CompiledBook['rules'] };
    const poison = await makeEvent(world.database, { type: 'poison' });
    const good = await makeEvent(world.database);
    await route([poison, good], trapped);
    expect(await eventOf(poison)).toEqual({
      state: 'unmatched',
      rules: [],
      notes: [expect.stringMatching(/the rule engine tripped.*Replay/)],
    });
    expect(await deliveriesOf(good)).toHaveLength(1);
    expect(world.lines()).toContainEqual(
      expect.objectContaining({ msg: 'event.routing_failed', eventId: poison, level: 50 }),
    );
  });
});

describe('grouping by backend', () => {
  it('keeps the order within each', () => {
    const deliveries = ['a1', 'b1', 'a2'].map((id) => ({ id, backend: id[0]! }));
    expect([...byBackend(deliveries)]).toEqual([
      ['a', ['a1', 'a2']],
      ['b', ['b1']],
    ]);
    expect(byBackend([]).size).toBe(0);
  });
});
