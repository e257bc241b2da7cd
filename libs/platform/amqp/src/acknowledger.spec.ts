import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Acknowledger } from './acknowledger.ts';

describe('the acknowledger', () => {
  it('acknowledges with one frame what was settled without a gap', () => {
    const sent: [number, boolean][] = [];
    const acks = new Acknowledger((tag, allUpTo) => sent.push([tag, allUpTo]));
    for (const tag of [1, 2, 3, 4, 5, 6]) acks.take(tag, 10);
    for (const tag of [2, 1, 3, 5]) acks.settle(tag);
    acks.flush();
    expect(sent).toEqual([
      [3, true],
      [5, false],
    ]);
    expect([acks.count, acks.bytes]).toEqual([2, 20]);
    for (const tag of [6, 4]) acks.settle(tag);
    acks.flush();
    expect(sent.slice(2)).toEqual([[6, true]]);
  });

  it('acknowledges nothing that was taken from it', () => {
    const sent: unknown[] = [];
    const acks = new Acknowledger((tag) => sent.push(tag));
    acks.take(1, 10);
    acks.settle(1);
    acks.forget();
    acks.settle(1);
    acks.flush();
    expect(sent).toEqual([]);
    expect([acks.count, acks.bytes]).toEqual([0, 0]);
  });

  it('acknowledges in the next turn of the event loop by itself', async () => {
    const sent: unknown[] = [];
    const acks = new Acknowledger((tag) => sent.push(tag));
    acks.take(1, 1);
    acks.settle(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toEqual([1]);
  });

  it('acknowledges exactly what was settled, in whatever order', () => {
    const turns = fc.array(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 8 }), { maxLength: 10 });
    fc.assert(
      fc.property(turns, (all) => {
        const open = new Set(Array.from({ length: 30 }, (_, index) => index + 1));
        const acks = new Acknowledger((tag, allUpTo) => {
          expect(open.has(tag)).toBe(true);
          for (const other of [...open]) if (other === tag || (allUpTo && other < tag)) open.delete(other);
        });
        for (const tag of open) acks.take(tag, 1);
        const settled = new Set<number>();
        for (const tags of all) {
          for (const tag of tags) acks.settle(tag);
          acks.flush();
          for (const tag of tags) settled.add(tag);
          expect([...open]).toEqual(Array.from({ length: 30 }, (_, n) => n + 1).filter((tag) => !settled.has(tag)));
        }
        expect(acks.count).toBe(open.size);
      }),
    );
  });
});
