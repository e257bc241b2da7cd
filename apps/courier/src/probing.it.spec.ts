import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { probeBackend } from './probing.ts';
import { openWorld, type CourierWorld } from './spec-world.ts';

let world: CourierWorld;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  await world.database.pool.query(`UPDATE delivery SET finished_at = now(), state = 'delivered'`);
});
afterAll(() => world.close());

/** Deliveries that are due since so many minutes. */
async function due(...minutes: number[]): Promise<string[]> {
  const ids: string[] = [];
  for (const age of minutes) {
    const id = await world.route();
    await world.change(id, `due_at = now() - interval '${age} minutes'`);
    ids.push(id);
  }
  return ids;
}

async function probe(answers: (id: string) => boolean): Promise<string[]> {
  const tried: string[] = [];
  await probeBackend(world.database, 'hq', async ([id]) => (tried.push(id!), answers(id!)));
  return tried;
}

describe('a probe', () => {
  it('is one attempt, of the delivery that is due for the longest, whatever comes of it', async () => {
    const [, oldest] = await due(1, 9, 5);
    expect(await probe(() => true)).toEqual([oldest]);
  });

  it('takes the next one when somebody else has that, or it went stale', async () => {
    const [third, first, second] = await due(1, 9, 5);
    expect(await probe((id) => id === second)).toEqual([first, second]);
    expect(await probe(() => false)).toEqual([first, second, third]);
  });

  it('is none when nothing is due', async () => {
    const [later] = await due(0);
    await world.change(later!, `due_at = now() + interval '1 minute'`);
    expect(await probe(() => true)).toEqual([]);
  });
});
