/** Asks backends who is online, where a message must not be sent to somebody who is not. */
import { mostPresenceAddresses, type Mailbox, type Network, type PresenceAnswer } from '#backends/kit';
import type { Outcome } from '#contract';
import { maskedError, maskSecrets, ownWords } from '#backends/kit';
import type { Logger } from '#platform/log';
import type { ClaimedDelivery } from '#platform/store';
import type { BackendState } from './backend-state.ts';

/** How long an answer is good for, in milliseconds: a burst to one person asks once. */
const goodForMs = 5000;
/** Most answers that are remembered. */
const mostRemembered = 10_000;

/** What asking needs. */
export interface PresenceParts {
  network: Network;
  mailbox: Mailbox;
  log: Logger;
}

/** Asks who is online. */
export interface PresenceAsker {
  /** Whether it matters for this delivery, and the backend can tell. */
  isToBeAsked(backend: BackendState, delivery: ClaimedDelivery): boolean;
  /** Why not, for each delivery whose person cannot be reached now, by delivery id. */
  whoIsNotReached(backend: BackendState, deliveries: readonly ClaimedDelivery[]): Promise<Map<string, Outcome>>;
  /** Those of the addresses that are online now; past what is remembered. Throws nothing; nobody when the backend does not tell. */
  online(backend: BackendState, addresses: readonly string[]): Promise<string[]>;
}

/** Makes an asker. */
export function createPresenceAsker(parts: PresenceParts): PresenceAsker {
  const offlineUntil = new Map<string, number>();
  const onlineUntil = new Map<string, number>();
  const keyOf = (backend: BackendState, address: string) => `${backend.slug}\u0000${address}`;

  function remember(backend: BackendState, answer: PresenceAnswer): void {
    if (!answer.ok) return;
    const until = Date.now() + goodForMs;
    for (const known of [offlineUntil, onlineUntil]) if (known.size > mostRemembered) known.clear();
    for (const address of answer.online) {
      onlineUntil.set(keyOf(backend, address), until);
      offlineUntil.delete(keyOf(backend, address));
    }
    for (const address of answer.offline) {
      offlineUntil.set(keyOf(backend, address), until);
      onlineUntil.delete(keyOf(backend, address));
    }
  }

  async function ask(backend: BackendState, addresses: readonly string[]): Promise<PresenceAnswer> {
    const answer = await askAdapter(parts, backend, addresses);
    remember(backend, answer);
    return answer;
  }

  return {
    isToBeAsked: ({ adapter, settings }, { toKind, whenOffline }) => {
      if (toKind !== 'person' || !adapter.presence || !settings) return false;
      return (whenOffline ?? (adapter.manifest.offline === 'lost' ? 'hold' : 'send')) !== 'send';
    },
    whoIsNotReached: async (backend, deliveries) => {
      const now = Date.now();
      const isOnline = (to: string) => (onlineUntil.get(keyOf(backend, to)) ?? 0) > now;
      const isOffline = (to: string) => (offlineUntil.get(keyOf(backend, to)) ?? 0) > now;
      // What was held is due because somebody else may just have seen them come: older news that they are away is no answer.
      const isToAsk = ({ to, heldSince }: ClaimedDelivery) => !isOnline(to) && (heldSince !== null || !isOffline(to));
      const unknown = [...new Set(deliveries.filter(isToAsk).map(({ to }) => to))];
      const failed = new Map<string, Outcome>();
      for (let start = 0; start < unknown.length; start += mostPresenceAddresses) {
        const some = unknown.slice(start, start + mostPresenceAddresses);
        const answer = await ask(backend, some);
        if (!answer.ok) for (const address of some) failed.set(address, answer.outcome);
      }
      const found = deliveries.flatMap(({ id, to }): [string, Outcome][] => {
        const why = failed.get(to) ?? (isOffline(to) ? offline(to) : undefined);
        return why ? [[id, why]] : [];
      });
      return new Map(found);
    },
    online: async (backend, addresses) => {
      const answer = await ask(backend, addresses);
      if (!answer.ok) return [];
      // Whoever the backend does not know is tried: its refusal names the fault.
      return addresses.filter((address) => !answer.offline.has(address));
    },
  };
}

function offline(to: string): Outcome {
  return { kind: 'recipientOffline', reason: 'offline', detail: `${to} is offline.`, recipientOnline: false };
}

async function askAdapter(
  { network, mailbox, log }: PresenceParts,
  { adapter, settings, secrets, slug }: BackendState,
  addresses: readonly string[],
): Promise<PresenceAnswer> {
  const signal = AbortSignal.timeout(adapter.manifest.limits.timeoutMs);
  try {
    const answer = await adapter.presence!(addresses, settings!, { network, mailbox, signal, now: Date.now });
    if (answer.ok || answer.outcome.detail === undefined) return answer;
    return { ok: false, outcome: { ...answer.outcome, detail: ownWords(maskSecrets(answer.outcome.detail, secrets)) } };
  } catch (error) {
    log.error({ error: maskedError(error, secrets), backend: slug }, 'adapter.fault');
    return {
      ok: false,
      outcome: { kind: 'retryable', reason: 'adapter_fault', detail: 'Presence could not be asked.' },
    };
  }
}
