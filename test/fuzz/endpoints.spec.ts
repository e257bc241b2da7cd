/** Every call of the API document, with input that nobody should send: no 5xx, no crash, no hang, no secret. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { runCampaign } from './campaign.ts';
import { tableOf } from './table.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

it('answers whatever comes with what it should, and stays well', async () => {
  const report = await runCampaign(world, { inputs: 3_000, seed: 1, lanes: 12 });
  if (report.violations.length > 0) throw new Error(tableOf(report));
  expect([...report.counts.keys()].sort()).toEqual(
    [...world.operations.map(({ group }) => group), 'bytes that need not be HTTP'].sort(),
  );
  // Were nothing of it ever accepted, it would test the first check only.
  const answers = new Set([...report.counts.values()].flatMap((row) => [...row.keys()]));
  for (const status of ['200', '202', '400', '401', '404', '405', '415', '422']) expect(answers).toContain(status);
});
