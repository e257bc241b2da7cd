import { describe, expect, it } from '@jest/globals';
import { EventCache } from './event-cache.ts';

const facts = (id: string) => ({ id, source: 's', type: 't', time: '2026-11-20T00:00:00.000Z', data: {} });

describe('the event cache', () => {
  it('remembers what was put', () => {
    const cache = new EventCache();
    cache.put(facts('a'), 7n, 10);
    expect(cache.get('a')).toMatchObject({ facts: facts('a'), bookVersion: 7n });
    expect(cache.get('b')).toBeUndefined();
  });

  it('forgets the oldest beyond its number of events', () => {
    const cache = new EventCache();
    for (let n = 0; n <= 20_000; n += 1) cache.put(facts(String(n)), 1n, 1);
    expect(cache.get('0')).toBeUndefined();
    expect(cache.get('1')).toBeDefined();
    expect(cache.get('20000')).toBeDefined();
  });

  it('forgets the oldest beyond its memory, and does not keep an event that is larger than all of it', () => {
    const cache = new EventCache();
    cache.put(facts('old'), 1n, 9 * 1024 * 1024);
    cache.put(facts('new'), 1n, 9 * 1024 * 1024);
    expect([cache.get('old'), cache.get('new')?.facts.id]).toEqual([undefined, 'new']);
    cache.put(facts('huge'), 1n, 17 * 1024 * 1024);
    expect([cache.get('new'), cache.get('huge')]).toEqual([undefined, undefined]);
    cache.put(facts('next'), 1n, 1);
    expect(cache.get('next')).toBeDefined();
  });

  it('makes room again for what it is told to forget', () => {
    const cache = new EventCache();
    cache.put(facts('old'), 1n, 9 * 1024 * 1024);
    cache.forget('old');
    cache.forget('never there');
    cache.put(facts('a'), 1n, 8 * 1024 * 1024);
    cache.put(facts('b'), 1n, 8 * 1024 * 1024);
    expect(['old', 'a', 'b'].map((id) => cache.get(id)?.facts.id)).toEqual([undefined, 'a', 'b']);
  });
});
