import { describe, expect, it } from '@jest/globals';
import { Pacer } from './pacer.ts';

/** A thread whose work is told, not measured. */
function paced(share: number) {
  const pauses: number[] = [];
  let busy = 1000;
  const pacer = new Pacer({ share, busyMs: () => busy, pause: async (ms) => void pauses.push(ms) });
  const work = async (ms: number) => {
    busy += ms;
    await pacer.rest();
  };
  return { pauses, work };
}

describe('the pacer', () => {
  it('rests as long as was worked, for half of a core', async () => {
    const { pauses, work } = paced(0.5);
    await work(30);
    await work(50);
    expect(pauses).toEqual([30, 50]);
  });

  it('lets short stretches add up, so that it does not pause for nothing', async () => {
    const { pauses, work } = paced(0.25);
    for (const ms of [8, 8, 8, 1]) await work(ms);
    expect(pauses).toEqual([72]);
  });

  it('does not rest with a whole core', async () => {
    const { pauses, work } = paced(1);
    await work(500);
    expect(pauses).toEqual([]);
  });
});
