import { describe, expect, it } from '@jest/globals';
import { deliveryState, type DeliveryState } from '#contract';
import fc from 'fast-check';
import { mayGo, transitions } from './transitions.ts';

const states = deliveryState.options;
const anyState = fc.constantFrom(...states);

/** Walks the table by the choices given, as a delivery would. */
function walk(choices: readonly number[]): DeliveryState[] {
  const path: DeliveryState[] = ['pending'];
  for (const choice of choices) {
    const next = transitions[path.at(-1)!];
    if (next.length === 0) break;
    path.push(next[choice % next.length]!);
  }
  return path;
}

describe('transitions', () => {
  it('lists every state exactly once and leads only to states that exist', () => {
    expect(Object.keys(transitions).sort()).toEqual([...states].sort());
    expect(states).toEqual(expect.arrayContaining([...new Set(Object.values(transitions).flat())]));
  });

  it('answers mayGo from the table alone', () => {
    fc.assert(fc.property(anyState, anyState, (from, to) => mayGo(from, to) === transitions[from].includes(to)));
  });

  it('never stays where it is and never leaves delivered or suppressed', () => {
    fc.assert(fc.property(anyState, (state) => !mayGo(state, state)));
    fc.assert(fc.property(anyState, (state) => !mayGo('delivered', state) && !mayGo('suppressed', state)));
  });

  it('leaves dead only for pending, which is what a redrive does', () => {
    expect(states.filter((state) => mayGo('dead', state))).toEqual(['pending']);
  });

  it('reaches an end of a delivery only through sending, apart from suppression', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 40 }), (choices) => {
        const path = walk(choices);
        path.forEach((state, index) => {
          if (state === 'delivered' || state === 'dead') expect(path[index - 1]).toBe('sending');
        });
      }),
    );
  });

  it('lets every wait be followed by sending or suppression, and a lost lease go back to pending', () => {
    for (const state of ['pending', 'retrying', 'waiting'] as const) {
      expect([...transitions[state]].sort()).toEqual(['sending', 'suppressed']);
    }
    expect(mayGo('sending', 'pending')).toBe(true);
  });

  it('lets a claimed delivery end in any way that a settlement knows, an attempt or none', () => {
    const settled: DeliveryState[] = ['delivered', 'retrying', 'waiting', 'dead', 'suppressed', 'pending'];
    expect([...transitions.sending].sort()).toEqual(settled.sort());
  });
});
