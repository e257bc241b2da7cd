import type { MessageProperties } from 'amqplib';

/** One message as the broker delivered it. */
export interface AmqpMessage {
  content: Buffer;
  /** As AMQP names them; every one may be absent, and none was checked. */
  properties: MessageProperties;
  routingKey: string;
  /** Whether the broker has delivered it before, to whomever. */
  redelivered: boolean;
}

/** What became of a message: taken for good, or rejected with a stable code and words for people. */
export type Verdict = 'taken' | { reason: string; detail: string };

/**
 * Decides on one message. It is acknowledged once the verdict is there, so the work must be safe by then. `hand` is aborted
 * when the message is no longer ours to decide on: the broker will deliver it again. A handler that rejects leaves the message
 * to the broker in the same way.
 */
export type Handler = (message: AmqpMessage, hand: AbortSignal) => Promise<Verdict>;
