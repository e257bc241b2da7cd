import { delivered, permanent, retryable, type OutboundMessage, type SendContext } from '#backends/kit';
import type { Outcome } from '#contract';

const inboxName = /^[A-Za-z0-9._@-]{1,128}$/;

/** Says why `to` cannot name an inbox; `undefined` when it can. */
export function refuseAddress(to: string): string | undefined {
  return inboxName.test(to) ? undefined : 'must be 1 to 128 characters of A-Z, a-z, 0-9, dot, dash, underscore and @';
}

/** Stores one message. The mailbox keeps one copy per delivery, so a second attempt changes nothing. */
export async function send(message: OutboundMessage, _settings: unknown, ctx: SendContext): Promise<Outcome> {
  const refusal = refuseAddress(message.to);
  if (refusal) return permanent('bad_address', `The name of an inbox ${refusal}.`);
  try {
    return await untilAborted(
      ctx.mailbox.put(message).then(() => delivered({ backendMessageId: message.deliveryId })),
      ctx.signal,
    );
  } catch (error) {
    return retryable('mailbox', error instanceof Error ? error.message : String(error));
  }
}

/** The mailbox cannot be interrupted, but waiting for it can: what it still stores later is dropped as a repeat. */
async function untilAborted(work: Promise<Outcome>, signal: AbortSignal): Promise<Outcome> {
  const timeUp = retryable('timeout', 'the message was not stored in time');
  if (signal.aborted) return Promise.race([work, timeUp]);
  let onAbort = (): void => undefined;
  const aborted = new Promise<Outcome>((resolve) => {
    onAbort = () => resolve(timeUp);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}
