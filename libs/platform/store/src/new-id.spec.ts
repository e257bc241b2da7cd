import { fromPublicId, uuidTimeMs } from '#contract';
import { describe, expect, it } from '@jest/globals';
import { newId } from './new-id.ts';

describe('ids', () => {
  it('are UUIDv7 of the present, rising, and never the same', () => {
    const before = Date.now();
    const ids = Array.from({ length: 5000 }, newId);
    expect(ids.every((id) => fromPublicId('event', id) === id)).toBe(true);
    expect(new Set(ids).size).toBe(5000);
    expect([...ids].sort()).toEqual(ids);
    expect(uuidTimeMs(ids[0]!)).toBeGreaterThanOrEqual(before);
    expect(uuidTimeMs(ids.at(-1)!)).toBeLessThanOrEqual(Date.now() + 10);
  });
});
