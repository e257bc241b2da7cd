import { expect, it } from '@jest/globals';
import { makeAttempt } from './attempt.ts';
import { specBackend, specDelivery, specEvent, specLog } from './spec-courier.ts';
it('keeps secrets out of the log when an adapter throws', async () => {
  const spec = specLog();
  await makeAttempt(
    { network: {} as never, mailbox: {} as never, log: spec.log, reader: () => undefined, underWay: new Set() },
    specBackend(() => Promise.reject(new Error('bad header sesame-4711')), { secrets: ['sesame-4711'] }),
    specDelivery(),
    specEvent,
  );
  expect(spec.text()).not.toContain('sesame-4711');
});
it('ends an attempt whose adapter does not heed its signal', async () => {
  const never = new Promise<never>(() => undefined);
  const done = makeAttempt(
    { network: {} as never, mailbox: {} as never, log: specLog().log, reader: () => undefined, underWay: new Set() },
    specBackend(() => never, {}, { timeoutMs: 20 }),
    specDelivery(),
    specEvent,
  );
  const end = await Promise.race([done.then(() => 'ended'), new Promise((r) => setTimeout(r, 1500, 'hangs'))]);
  expect(end).toBe('ended');
});
