import { describe, expect, it } from '@jest/globals';
import { createRungList } from './rung-list.ts';

const graceMs = 3000;
const repeatMs = 30_000;
const ids = ['a', 'b', 'c'];

describe('the list of what was rung for', () => {
  it('lets each thing through once, and new ones among known ones', () => {
    const rung = createRungList(graceMs);
    expect(rung.take(['a', 'b'], 0, false)).toEqual(['a', 'b']);
    expect(rung.take(ids, 1, false)).toEqual(['c']);
    expect(rung.take(ids, 2, false)).toEqual([]);
  });

  it('lets it through again after half a minute, counted from the last ring', () => {
    const rung = createRungList(graceMs);
    rung.take(ids, 0, false);
    expect(rung.take(ids, repeatMs - 1, false)).toEqual([]);
    expect(rung.take(ids, repeatMs, false)).toEqual(ids);
    expect(rung.take(ids, 2 * repeatMs - 1, false)).toEqual([]);
    expect(rung.take(ids, 2 * repeatMs, false)).toEqual(ids);
  });

  it('lets it through after a grace when the queue holds nothing, and no sooner', () => {
    const rung = createRungList(graceMs);
    rung.take(ids, 0, false);
    expect(rung.take(ids, graceMs - 1, true)).toEqual([]);
    expect(rung.take(ids, graceMs, false)).toEqual([]);
    expect(rung.take(ids, graceMs, true)).toEqual(ids);
    expect(rung.take(ids, graceMs + 1, true)).toEqual([]);
  });

  it('forgets only what may be rung for again', () => {
    const rung = createRungList(graceMs);
    rung.take(['a'], 0, false);
    rung.take(['b'], 10_000, false);
    rung.tidy(repeatMs - 1);
    expect(rung.take(['a', 'b'], repeatMs - 1, false)).toEqual([]);
    rung.tidy(repeatMs);
    expect(rung.take(['a', 'b'], repeatMs - 1, false)).toEqual(['a']);
  });
});
