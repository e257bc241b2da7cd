import type { DeliveryState } from '#contract';

/**
 * Which states may follow which; whatever is not listed is a bug of the caller. `sending → pending` happens when the
 * lease of a courier that died runs out, `dead → pending` only by redrive. `delivered` and `suppressed` are final.
 */
export const transitions: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  pending: ['sending', 'suppressed'],
  sending: ['delivered', 'retrying', 'waiting', 'dead', 'suppressed', 'pending'],
  retrying: ['sending', 'suppressed'],
  waiting: ['sending', 'suppressed'],
  delivered: [],
  dead: ['pending'],
  suppressed: [],
};

/** Tells whether a delivery may go from one state straight to another; staying in a state is no transition. */
export function mayGo(from: DeliveryState, to: DeliveryState): boolean {
  return transitions[from].includes(to);
}
