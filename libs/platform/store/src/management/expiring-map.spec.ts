import { describe, expect, it } from '@jest/globals';
import { ExpiringMap } from './expiring-map.ts';

describe('the expiring map', () => {
  it('forgets an entry when its time to live is over, and a new set starts it anew', () => {
    const map = new ExpiringMap<number>(10, 100);
    map.set('a', 1, 0);
    expect(map.get('a', 99)).toBe(1);
    map.set('a', 2, 99);
    expect(map.get('a', 198)).toBe(2);
    expect(map.get('a', 199)).toBeUndefined();
  });

  it('drops the entry that was set longest ago when it is full', () => {
    const map = new ExpiringMap<number>(2, 100);
    map.set('a', 1, 0);
    map.set('b', 2, 0);
    map.set('a', 3, 0);
    map.set('c', 4, 0);
    expect(['a', 'b', 'c'].map((key) => map.get(key, 1))).toEqual([3, undefined, 4]);
  });

  it('forgets everything at once', () => {
    const map = new ExpiringMap<number>(2, 100);
    map.set('a', 1, 0);
    map.clear();
    expect(map.get('a', 0)).toBeUndefined();
  });
});
