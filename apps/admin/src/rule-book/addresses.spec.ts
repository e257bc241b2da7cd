import type { Recipient, Rule } from '#contract';
import type { StoredBook } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import { refusedAddresses, refusedRooms } from './addresses.ts';

const backends: StoredBook['backends'] = new Map([
  ['home', { type: 'inbox', settings: {} }],
  ['ghost', { type: 'a type that this version lacks', settings: {} }],
]);
const book = { backends } as StoredBook;
const recipient = (backend: string, to: string): Recipient => ({
  displayName: 'A',
  addresses: [
    { backend: 'home', to: 'anna' },
    { backend, to },
  ],
});
const rule = (...to: string[]): Rule => ({ enabled: true, match: {}, notify: [{ to, strategy: 'first' }] });

describe('addresses', () => {
  it('that their backend type refuses are faults at their place', () => {
    expect(refusedAddresses(recipient('home', 'a b'), book)).toEqual([
      { pointer: '/addresses/1/to', detail: expect.any(String) },
    ]);
    expect(refusedAddresses(recipient('home', 'boris'), book)).toEqual([]);
  });

  it('of backends that are unknown, or of unknown type, are left alone', () => {
    expect(refusedAddresses(recipient('nowhere', 'a b'), book)).toEqual([]);
    expect(refusedAddresses(recipient('ghost', 'a b'), book)).toEqual([]);
  });

  it('of rooms are looked at too, unless they hold Liquid', () => {
    expect(refusedRooms(rule('group:x', 'room:home/a b', 'room:home/{{ data.room }}'), book)).toEqual([
      { pointer: '/notify/0/to/1', detail: expect.any(String) },
    ]);
  });
});
