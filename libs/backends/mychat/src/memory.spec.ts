import { describe, expect, it } from '@jest/globals';
import { Memory } from './memory.ts';

describe('a memory', () => {
  it('answers what is remembered until its time is over', () => {
    const memory = new Memory<number>(10);
    memory.set('a', 0, 1000);
    expect([memory.get('a', 999), memory.get('a', 1000), memory.get('b', 0)]).toEqual([0, undefined, undefined]);
    memory.set('a', 7, 2000);
    expect(memory.get('a', 1000)).toBe(7);
  });

  it('holds no more than its bound, and lets the oldest go, of which what was renewed is none', () => {
    const memory = new Memory<number>(3);
    for (const key of ['a', 'b', 'c']) memory.set(key, 1, 1000);
    memory.set('a', 2, 1000);
    memory.set('d', 1, 1000);
    expect(['a', 'b', 'c', 'd'].map((key) => memory.get(key, 0))).toEqual([2, undefined, 1, 1]);
    for (let number = 0; number < 100; number += 1) memory.set(`x${number}`, number, 1000);
    expect(['a', 'd', 'x96', 'x97', 'x99'].map((key) => memory.get(key, 0))).toEqual([
      undefined,
      undefined,
      undefined,
      97,
      99,
    ]);
  });
});
