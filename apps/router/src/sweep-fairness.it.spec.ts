import { expect, it } from '@jest/globals';
import { makeDelivery, makeEvent, openWorld } from './spec-world.ts';
import { startSweep } from './sweep.ts';
import { storeRouted } from '#platform/store';
import { uuidv7 } from 'uuidv7';
it('a long queue of one backend does not keep the sweep from ringing for another', async () => {
  const world = await openWorld();
  const eventId = await makeEvent(world.database);
  const many = Array.from({ length: 2100 }, () => ({
    id: uuidv7(),
    eventId,
    rule: 'r',
    recipient: undefined,
    backend: 'slow',
    to: 'x',
    toKind: 'person' as const,
    message: { markdown: 'm' },
    correlationKey: undefined,
    fallbacks: undefined,
    retry: undefined,
    whenOffline: undefined,
    validUntil: undefined,
  }));
  await storeRouted(world.database, [{ id: eventId, rules: ['r'], notes: [], deliveries: many }]);
  const quick = await makeDelivery(world.database, 'quick');
  await world.database.pool.query(`UPDATE delivery SET due_at = now() - interval '60 seconds' WHERE backend = 'slow'`);
  await world.database.pool.query(`UPDATE delivery SET due_at = now() - interval '20 seconds' WHERE backend = 'quick'`);
  const { database, queues, circuits, log } = world;
  const sweep = startSweep({
    database,
    queues,
    circuits,
    route: async () => undefined,
    log,
    backends: () =>
      new Map([
        ['slow', {}],
        ['quick', {}],
      ]),
  });
  for (let n = 0; n < 4; n += 1) await sweep.round();
  await sweep.close();
  const rung = world.rings.filter(([backend]) => backend === 'quick');
  await world.close();
  expect(rung).toEqual([['quick', [quick]]]);
});
