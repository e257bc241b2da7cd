import { describe, expect, it } from '@jest/globals';
import { waitFor } from './wait-for.ts';

describe('waitFor', () => {
  it('returns the first truthy answer', async () => {
    const answers = [undefined, '', 0, { id: 7 }];
    expect(await waitFor(() => answers.shift(), { what: 'an answer', pollMs: 1 })).toEqual({ id: 7 });
  });

  it('takes a condition that throws for not yet', async () => {
    let asked = 0;
    const condition = async () => {
      asked += 1;
      if (asked < 3) throw new Error('not there');
      return asked;
    };
    expect(await waitFor(condition, { what: 'three', pollMs: 1 })).toBe(3);
  });

  it('fails after its time with what it waited for and what it saw last', async () => {
    const waiting = waitFor(() => null, { what: 'two deliveries', timeoutMs: 5, pollMs: 1 });
    await expect(waiting).rejects.toThrow('Waited 5 ms for two deliveries; last seen: null');
  });

  it('fails with what the condition threw last', async () => {
    const condition = () => Promise.reject(new Error('refused'));
    await expect(waitFor(condition, { what: 'a reply', timeoutMs: 5, pollMs: 1 })).rejects.toThrow(/reply; .*refused/);
  });
});
