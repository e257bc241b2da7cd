/** What adapters say that can tell who is online. */
import type { Outcome } from '#contract';

/** Most addresses that an adapter is asked about at once. */
export const mostPresenceAddresses = 200;

/**
 * Who of some persons is online. The sets hold the addresses as they were handed in; one in neither set is not known to be
 * either, and is treated as reachable. `outcome` says why the backend did not tell, as it would of a message; make it with
 * `presenceFailed`.
 */
export type PresenceAnswer =
  { ok: true; online: ReadonlySet<string>; offline: ReadonlySet<string> } | { ok: false; outcome: Outcome };

/**
 * The answer when the backend did not tell. What would be permanent or about one recipient, were it said of a message, is
 * `retryable` here: a question that the backend refuses must not end the deliveries for whose sake it was asked.
 */
export function presenceFailed(outcome: Outcome): PresenceAnswer {
  const isOfAll = outcome.kind === 'authBroken' || outcome.kind === 'backendDown';
  return { ok: false, outcome: isOfAll ? outcome : { ...outcome, kind: 'retryable' } };
}
