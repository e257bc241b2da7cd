import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../database.ts';
import { heldAddresses, releaseHeld, takePresenceLook } from './held.ts';
import { openFlow, type FlowWorld } from './spec-flow.ts';

let world: FlowWorld;
beforeAll(async () => {
  world = await openFlow();
});
afterAll(() => world.close());

/** Makes deliveries that wait an hour for the people at these addresses; answers their ids. */
async function hold(backend: string, addresses: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const to of addresses) {
    const { id } = await world.route({ backend, to });
    await world.change(id, `state = 'waiting', held_since = now(), due_at = now() + interval '1 hour'`);
    ids.push(id);
  }
  return ids;
}

describe('the turn to ask who is online', () => {
  it('goes to one of many couriers, and to nobody again until its time has come', async () => {
    const other = openDatabase({ connectionString: world.url, poolSize: 4, onError: () => undefined });
    const askers = [world.database, other, world.database, other, world.database, other];
    const take = () => Promise.all(askers.map((database) => takePresenceLook(database, 'hq', 60_000)));
    expect((await take()).filter(Boolean)).toHaveLength(1);
    expect((await take()).filter(Boolean)).toHaveLength(0);
    await world.database.pool.query(`UPDATE presence_look SET next_at = now() WHERE backend = 'hq'`);
    expect((await take()).filter(Boolean)).toHaveLength(1);
    await other.close();
  });

  it('is one for each backend', async () => {
    expect(await takePresenceLook(world.database, 'desk', 60_000)).toBe(true);
    expect(await takePresenceLook(world.database, 'lobby', 60_000)).toBe(true);
    expect(await takePresenceLook(world.database, 'desk', 60_000)).toBe(false);
  });
});

describe('the addresses that something is held for', () => {
  it('are told once each, in order, page by page, of one backend', async () => {
    await hold('paged', ['c', 'a', 'b', 'a', 'd']);
    await hold('other', ['z']);
    expect(await heldAddresses(world.database, 'paged', 2)).toEqual(['a', 'b']);
    expect(await heldAddresses(world.database, 'paged', 2, 'b')).toEqual(['c', 'd']);
    expect(await heldAddresses(world.database, 'paged', 2, 'd')).toEqual([]);
  });

  it('leave out what was never held, what is on its way, and what is finished', async () => {
    const [ended, sending, kept] = await hold('left', ['ended', 'sending', 'kept']);
    await world.route({ backend: 'left', to: 'never' });
    await world.change(ended!, `state = 'delivered', finished_at = now()`);
    await world.change(sending!, `state = 'sending'`);
    expect(await heldAddresses(world.database, 'left', 10)).toEqual(['kept']);
    expect(await releaseHeld(world.database, 'left', ['ended', 'sending', 'kept', 'never'])).toEqual([kept]);
  });
});

describe('what is held for somebody who was seen', () => {
  it('is due at once, in order, and the rest goes on waiting', async () => {
    const [first, other, second] = await hold('seen', ['anna', 'boris', 'anna']);
    const [elsewhere] = await hold('unseen', ['anna']);
    expect(await releaseHeld(world.database, 'seen', ['anna'])).toEqual([first, second]);
    expect(await world.claim([first!, other!, second!], { backend: 'seen' })).toEqual([first, second]);
    expect(await world.claim([elsewhere!], { backend: 'unseen' })).toEqual([]);
  });

  it('still knows since when it waited', async () => {
    const [id] = await hold('known', ['anna']);
    await releaseHeld(world.database, 'known', ['anna']);
    const { claimed } = await world.hold(id!, { backend: 'known' });
    expect(claimed.heldSince).toBeInstanceOf(Date);
  });
});
