/** The router as a whole: what it starts, what it says of its readiness, and what it leaves running. */
import { rule as ruleSchema } from '#contract';
import type { ReadinessCheck } from '#platform/http';
import type { Runtime } from '#platform/runtime';
import { emptyBook, type BookHandler } from '#platform/store';
import { waitFor } from '#testing/services';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RouterWorker } from './router.worker.ts';
import { idFromBefore, makeEvent, openWorld, type RouterWorld } from './spec-world.ts';

let world: RouterWorld;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  world.away(false);
  world.rings.splice(0);
  await world.database.pool.query('TRUNCATE event, delivery, delivery_line');
});
afterAll(() => world.close());

/** A router on the world, with a book in which nothing stands. */
async function startRouter() {
  const readiness: ReadinessCheck[] = [];
  const state = {
    consumes: false,
    route: async (_ids: readonly string[]): Promise<void> => undefined,
    /** Tells the router of a change of the book. */
    tell: ((): void => undefined) as BookHandler,
  };
  const book = {
    onChange: (handler: BookHandler) => {
      state.tell = handler;
      handler(emptyBook());
    },
    atLeast: async () => undefined,
    current: () => emptyBook(),
  };
  const consumeRoute = async (route: (ids: readonly string[]) => Promise<void>) => {
    Object.assign(state, { consumes: true, route });
    return { close: async () => void (state.consumes = false) };
  };
  const { database, queues, circuits, log } = world;
  const runtime = { database, log, circuits, book, readiness, queues: { ...queues, consumeRoute } };
  const worker = new RouterWorker(runtime as unknown as Runtime, { RETENTION_DAYS: 30 });
  await worker.onApplicationBootstrap();
  return { worker, readiness, state };
}

const stateOf = async (id: string) =>
  (await world.database.pool.query<{ state: string }>('SELECT state FROM event WHERE id = $1', [id])).rows[0]?.state;

describe('the router', () => {
  it('routes what it is rung for, and takes nothing more once it stops', async () => {
    const { worker, state } = await startRouter();
    const id = await makeEvent(world.database);
    await state.route([id]);
    expect(await stateOf(id)).toBe('unmatched');
    await worker.beforeApplicationShutdown();
    expect(state.consumes).toBe(false);
  });

  it('routes by the book as its changes leave it', async () => {
    const { worker, state } = await startRouter();
    const rule = ruleSchema.parse({ match: { type: ['stock.low'] }, notify: [{ to: ['recipient:anna'] }] });
    state.tell({ ...emptyBook(2n), rules: new Map([['low', rule]]) }, [{ noun: 'rule', slug: 'low', body: null }]);
    const id = await makeEvent(world.database);
    await state.route([id]);
    expect(await stateOf(id)).toBe('routed');
    state.tell(emptyBook(3n), [{ noun: 'rule', slug: 'low' }]);
    const later = await makeEvent(world.database);
    await state.route([later]);
    expect(await stateOf(later)).toBe('unmatched');
    await worker.beforeApplicationShutdown();
  });

  it('routes without being rung for while the queues are away', async () => {
    world.away(true);
    const id = await makeEvent(world.database, { id: idFromBefore(2000) });
    const { worker } = await startRouter();
    await waitFor(async () => (await stateOf(id)) === 'unmatched', { what: 'the event to be routed' });
    await worker.beforeApplicationShutdown();
    expect(world.rings).toEqual([]);
  });

  it('answers for the flow when it is asked whether it is ready', async () => {
    const { worker, readiness } = await startRouter();
    expect(readiness.map(({ name }) => name)).toEqual(['flow']);
    await readiness[0]!.check();
    await worker.beforeApplicationShutdown();
  });
});
