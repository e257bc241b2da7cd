import { describe, expect, it } from '@jest/globals';
import { ringAll } from './ring-all.ts';

async function ringsFor(deliveries: { id: string; backend: string }[]): Promise<[string, number][]> {
  const rings: [string, readonly string[]][] = [];
  await ringAll({ ringDeliver: async (backend, ids) => void rings.push([backend, ids]) }, deliveries);
  expect(rings.flatMap(([backend, ids]) => ids.map((id) => `${backend}/${id}`)).toSorted()).toEqual(
    deliveries.map(({ id, backend }) => `${backend}/${id}`).toSorted(),
  );
  return rings.map(([backend, ids]) => [backend, ids.length]);
}

describe('ringing for many deliveries', () => {
  it('rings once per backend', async () => {
    const deliveries = ['a', 'b', 'a'].map((backend, n) => ({ id: String(n), backend }));
    expect(await ringsFor(deliveries)).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
  });

  it('splits what is more than one batch', async () => {
    const deliveries = Array.from({ length: 1001 }, (_, n) => ({ id: String(n), backend: 'a' }));
    expect(await ringsFor(deliveries)).toEqual([
      ['a', 500],
      ['a', 500],
      ['a', 1],
    ]);
  });

  it('does not ring for nothing', async () => {
    expect(await ringsFor([])).toEqual([]);
  });
});
