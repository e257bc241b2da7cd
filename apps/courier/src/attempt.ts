/** One attempt: text into the backend's dialect, the adapter's send, and an outcome whatever happens. */
import { maskedError, maskSecrets, ownWords, type Mailbox, type Network, type OutboundMessage } from '#backends/kit';
import { uuidTimeMs, type EventFacts, type Outcome, type Recipient } from '#contract';
import { lateNote, toDialect, withLateNote, type FittedText } from '#domain/message';
import type { Logger } from '#platform/log';
import type { ClaimedDelivery } from '#platform/store';
import type { BackendState } from './backend-state.ts';

/** What an attempt needs besides the delivery. */
export interface AttemptParts {
  network: Network;
  mailbox: Mailbox;
  log: Logger;
  /** The person behind a slug, for the language and the time zone of what is added to a text. */
  reader(recipient: string): Pick<Recipient, 'locale' | 'timeZone'> | undefined;
  /** Attempts under way; stopping aborts them. */
  underWay: Set<AbortController>;
}

/** What came of an attempt. */
export interface AttemptResult {
  outcome: Outcome;
  startedAt: Date;
  durationMs: number;
  /** Parts of a split text that have arrived so far, over all attempts. */
  partsSent: number;
}

/** Makes one attempt. Never throws: a fault in an adapter is an outcome too, and is logged as the bug it is. */
export async function makeAttempt(
  parts: AttemptParts,
  backend: BackendState,
  delivery: ClaimedDelivery,
  event: EventFacts | undefined,
): Promise<AttemptResult> {
  const startedAt = new Date();
  const started = performance.now();
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new DOMException('no answer in time', 'TimeoutError')),
    backend.adapter.manifest.limits.timeoutMs,
  );
  parts.underWay.add(controller);
  const progress = { partsSent: delivery.partsSent };
  const sending = sendParts(parts, backend, delivery, { event, signal: controller.signal, progress });
  const outcome = await Promise.race([sending, untilHeedless(controller.signal)]).catch((error: unknown) => {
    const { secrets, slug } = backend;
    parts.log.error({ error: maskedError(error, secrets), deliveryId: delivery.id, backend: slug }, 'adapter.fault');
    return adapterFault(error instanceof Error ? error.message : String(error));
  });
  clearTimeout(timer);
  parts.underWay.delete(controller);
  return {
    outcome: masked(outcome, backend.secrets),
    startedAt,
    durationMs: Math.round((performance.now() - started) * 10) / 10,
    partsSent: progress.partsSent,
  };
}

/** How long an adapter may take to end after its signal, in milliseconds. */
const heedWithinMs = 1000;

/** Ends the wait for an adapter that does not heed its signal: one attempt must not hold its place for ever. */
function untilHeedless(signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const giveUp = () => resolve(adapterFault('The adapter did not end within its time.'));
    signal.addEventListener('abort', () => setTimeout(giveUp, heedWithinMs).unref(), { once: true });
  });
}

function adapterFault(detail: string): Outcome {
  return { kind: 'retryable', reason: 'adapter_fault', detail };
}

interface Sending {
  event: EventFacts | undefined;
  signal: AbortSignal;
  progress: { partsSent: number };
}

async function sendParts(
  parts: AttemptParts,
  backend: BackendState,
  delivery: ClaimedDelivery,
  sending: Sending,
): Promise<Outcome> {
  const { event, signal, progress } = sending;
  if (!backend.settings)
    return { kind: 'authBroken', reason: 'settings_invalid', detail: backend.fault ?? 'The settings do not fit.' };
  if (!event) return { kind: 'permanent', reason: 'event_gone', detail: 'The event is past its retention.' };
  const text = textOf(parts, backend, delivery, event);
  const context = { network: parts.network, mailbox: parts.mailbox, signal, now: Date.now };
  let outcome: Outcome = { kind: 'delivered', reason: 'ok' };
  for (let index = progress.partsSent; index < text.parts.length; index += 1) {
    const message = outbound(delivery, event, {
      title: index === 0 ? text.title : undefined,
      text: text.parts[index]!,
      part: { index: index + 1, of: text.parts.length },
    });
    outcome = await backend.adapter.send(message, backend.settings, context);
    if (outcome.kind !== 'delivered') return outcome;
    progress.partsSent = index + 1;
  }
  return outcome;
}

/** How old an event may be before its message says when it happened, in milliseconds. */
const lateAfterMs = 60_000;

/** The text for this attempt. What was held for somebody, or comes late for another reason, says when it happened. */
function textOf(
  { reader }: AttemptParts,
  { textRules }: BackendState,
  delivery: ClaimedDelivery,
  event: EventFacts,
): FittedText {
  const { message, heldSince, recipient } = delivery;
  const isLate = heldSince !== null || Date.now() - uuidTimeMs(event.id) > lateAfterMs;
  if (!isLate) return toDialect(message, textRules);
  const note = lateNote(event.time, (recipient === null ? undefined : reader(recipient)) ?? {});
  const noted = toDialect(withLateNote(message, note), textRules);
  if (noted.parts.length === 1) return noted;
  // A split text may have begun to arrive without the note; behind the text it moves no part that was sent.
  return toDialect({ ...message, markdown: `${message.markdown}\n\n${note}` }, textRules);
}

function outbound(
  delivery: ClaimedDelivery,
  event: EventFacts,
  text: Pick<OutboundMessage, 'title' | 'text' | 'part'>,
): OutboundMessage {
  const { id, attempts, to, toKind, recipient } = delivery;
  return {
    deliveryId: id,
    attempt: attempts,
    to,
    toKind,
    recipient: recipient ?? undefined,
    event,
    ...text,
  };
}

function masked(outcome: Outcome, secrets: readonly string[]): Outcome {
  if (outcome.detail === undefined) return outcome;
  // PostgreSQL's text cannot hold NUL, and a backend may send anything.
  return { ...outcome, detail: ownWords(maskSecrets(outcome.detail, secrets).replaceAll('\u0000', '')) };
}
