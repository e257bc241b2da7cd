/** What the properties of an AMQP message say about its event. */
import { limits, type Fault } from '#contract';
import { invalid } from '#platform/http';
import type { AmqpMessage } from '#platform/amqp';

/** The properties that stand for attributes of an event; each one may be absent. */
export interface EventProperties {
  /** `message-id`: the producer's id of the event, and its idempotency key. */
  messageId: string | undefined;
  type: string | undefined;
  /** `app-id`. */
  source: string | undefined;
  /** `correlation-id`. */
  correlationKey: string | undefined;
  /** `timestamp`, as ISO 8601. */
  time: string | undefined;
  /** `content-type` without parameters, in lower case; empty when absent. */
  mediaType: string;
  /** `content-encoding` in lower case; empty when absent. */
  encoding: string;
}

/** Reads the properties. An empty text counts as absent. Throws `REQUEST_INVALID` that names every property that cannot be used. */
export function readProperties({ properties }: Pick<AmqpMessage, 'properties'>): EventProperties {
  const faults: Fault[] = [];
  const text = (name: string, value: unknown): string | undefined => {
    if (value === undefined || value === null || value === '') return undefined;
    const sound = typeof value === 'string' && value.isWellFormed() && !value.includes('\u0000');
    if (sound && value.length <= limits.attributeChars) return value;
    faults.push({ pointer: name, detail: 'must be text without NUL' });
    return undefined;
  };
  const read: EventProperties = {
    messageId: text('message-id', properties.messageId),
    type: text('type', properties.type),
    source: text('app-id', properties.appId),
    correlationKey: text('correlation-id', properties.correlationId),
    time: undefined,
    mediaType: (text('content-type', properties.contentType) ?? '').split(';')[0]!.trim().toLowerCase(),
    encoding: (text('content-encoding', properties.contentEncoding) ?? '').toLowerCase(),
  };
  if (properties.timestamp !== undefined) {
    const moment = momentOf(properties.timestamp);
    if (moment === undefined) faults.push({ pointer: 'timestamp', detail: 'must be whole seconds since 1970' });
    read.time = moment;
  }
  if (faults.length > 0) throw invalid(faults);
  return read;
}

/** The last second of the year 9999, which is the last that everything behind the door can hold. */
const lastSecond = 253_402_300_799;

/** AMQP 0-9-1 counts whole seconds since 1970 (section 4.2.5.4 of the specification). Answers ISO 8601. */
export function momentOf(seconds: unknown): string | undefined {
  if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 0 || seconds > lastSecond)
    return undefined;
  return new Date(seconds * 1000).toISOString();
}
