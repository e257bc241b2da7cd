import { describe, expect, it } from '@jest/globals';
import { runChecks } from './readiness.ts';

const fine = { name: 'fine', check: async () => undefined };

describe('runChecks', () => {
  it('is ready when every check answers', async () => {
    expect(await runChecks([fine])).toEqual({ ready: true, checks: { fine: 'ok' } });
    expect(await runChecks([])).toEqual({ ready: true, checks: {} });
  });

  it('waits for no check longer than it may, and still hears the others', async () => {
    const hanging = { name: 'hanging', check: () => new Promise<void>(() => undefined) };
    expect(await runChecks([hanging, fine], 5)).toEqual({
      ready: false,
      checks: { hanging: 'no answer within 5 ms', fine: 'ok' },
    });
  });

  it('takes a check that throws at once, and shows the code but not the words', async () => {
    const throwing = {
      name: 'throwing',
      check: () => {
        throw Object.assign(new Error('postgres://user:secret@host'), { code: '57P03' });
      },
    };
    const { ready, checks } = await runChecks([throwing]);
    expect(ready).toBe(false);
    expect(checks).toEqual({ throwing: 'failed (57P03)' });
  });
});
