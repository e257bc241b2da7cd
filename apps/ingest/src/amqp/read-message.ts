/** Reads every form of AMQP message into events to be stored: plain JSON, bare data, CloudEvents, and arrays of events. */
import { HouseError, limits, plainEvent } from '#contract';
import type { AmqpMessage } from '#platform/amqp';
import { invalid, parseJsonBody } from '#platform/http';
import type { NewEvent } from '#platform/store';
import { isUtf8 } from 'node:buffer';
import { readAll, readCloudEvent, readEither, type AtTheDoor, type Reader } from '../read-event.ts';
import { binaryEvent, isBinaryEvent } from './binary-event.ts';
import { readProperties, type EventProperties } from './properties.ts';

/** Source of events that name none, and whose message has no `app-id`. */
const defaultSource = 'amqp';

type Message = Pick<AmqpMessage, 'content' | 'properties'>;

/** Reads a message. Throws a `HouseError` that says all that is wrong with it; then nothing of it is to be stored. */
export function readMessage(message: Message, nowMs: number): NewEvent[] {
  if (message.content.length > limits.bodyBytes) {
    throw new HouseError('BODY_TOO_LARGE', { detail: `The limit is ${limits.bodyBytes} bytes.` });
  }
  const properties = readProperties(message);
  const door: AtTheDoor = { defaultSource, nowMs, givenKey: () => undefined };
  if (isBinaryEvent(message)) {
    const event = binaryEvent(message, dataOf(message, properties), properties.mediaType);
    return readAll([completed(event, properties)], readCloudEvent, door);
  }
  switch (properties.mediaType) {
    case '':
    case 'application/json':
      return readJson(parsed(message, properties), properties, door);
    case 'application/cloudevents+json':
      return readAll([completed(required(parsed(message, properties)), properties)], readCloudEvent, door);
    case 'application/cloudevents-batch+json': {
      const body = required(parsed(message, properties));
      if (!Array.isArray(body)) throw invalid([{ pointer: '', detail: 'must be an array of CloudEvents' }]);
      return readArray(body, readCloudEvent, properties, door);
    }
    default:
      if (properties.type !== undefined) return readBare(dataOf(message, properties), properties, door);
      throw new HouseError('MEDIA_TYPE_UNSUPPORTED', {
        detail: `${properties.mediaType} without a type property or cloudEvents headers is not an event.`,
      });
  }
}

/**
 * Without a `type` property the body is an event, or an array of them. With one it is the data of the event, unless it is an
 * event by its form; then the two must agree.
 */
function readJson(body: unknown, properties: EventProperties, door: AtTheDoor): NewEvent[] {
  const { type } = properties;
  const items: unknown[] = Array.isArray(body) ? body : [body];
  if (type !== undefined && !items.some(isEventByForm)) return readBare(body, properties, door);
  if (type !== undefined) refuseOtherTypes(items, type, Array.isArray(body));
  if (Array.isArray(body)) return readArray(body, readEither, properties, door);
  return readAll([completed(required(body), properties, properties.messageId)], readEither, door);
}

const plainFields = new Set(Object.keys(plainEvent.shape));

/** Whether a value is meant as a whole event: it has a `specversion`, or a text as `type` and no field but those of a plain event. */
function isEventByForm(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if ('specversion' in value) return true;
  return (
    typeof (value as { type?: unknown }).type === 'string' && Object.keys(value).every((key) => plainFields.has(key))
  );
}

function refuseOtherTypes(items: unknown[], type: string, many: boolean): void {
  const faults = items.flatMap((item, index) => {
    const own = (item as { type?: unknown } | null)?.type;
    if (own === type) return [];
    const detail = `has the form of an event, and its type is not that of the property (${type.slice(0, 100)}); data of this form must be sent as the data of an event`;
    return [{ pointer: `${many ? `/${index}` : ''}/type`, detail }];
  });
  if (faults.length > 0) throw invalid(faults);
}

/** An event whose attributes are the properties, and whose data is the body. */
function readBare(data: unknown, properties: EventProperties, door: AtTheDoor): NewEvent[] {
  const { type, source, correlationKey, time, messageId: idempotencyKey } = properties;
  return readAll([{ type, source, correlationKey, time, idempotencyKey, data }], readEither, door);
}

function readArray(items: unknown[], reader: Reader, properties: EventProperties, door: AtTheDoor): NewEvent[] {
  if (items.length === 0) throw invalid([{ pointer: '', detail: 'must hold at least one event' }]);
  if (items.length > limits.eventsPerRequest) {
    throw new HouseError('TOO_MANY_EVENTS', {
      detail: `${items.length} events; at most ${limits.eventsPerRequest} in one message.`,
    });
  }
  const { messageId } = properties;
  const all = items.map((item, index) => completed(item, properties, messageId && `${messageId}/${index}`));
  return readAll(all, reader, door, '/');
}

/** An item with what the properties add to it. What it says itself counts. */
function completed(item: unknown, properties: EventProperties, idempotencyKey?: string): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  const { source, correlationKey, time } = properties;
  if ('specversion' in item) {
    return { ...(correlationKey && { correlationkey: correlationKey }), ...(time && { time }), ...item };
  }
  return { source, correlationKey, time, idempotencyKey, ...item };
}

/** The data of a message whose body is nothing else: JSON or text by its media type. */
function dataOf(message: Message, properties: EventProperties): unknown {
  const { mediaType } = properties;
  if (mediaType === '' || mediaType === 'application/json' || mediaType.endsWith('+json'))
    return parsed(message, properties);
  if (mediaType.startsWith('text/')) return textOf(message, properties);
  throw new HouseError('MEDIA_TYPE_UNSUPPORTED', {
    detail: `Data of type ${mediaType} is not read; JSON and text are.`,
  });
}

/** The body as JSON; `undefined` when it is empty. */
function parsed(message: Message, properties: EventProperties): unknown {
  const text = textOf(message, properties);
  return text === '' ? undefined : parseJsonBody(text);
}

function required(body: unknown): unknown {
  if (body === undefined) throw new HouseError('BODY_NOT_JSON', { detail: 'The body is empty.' });
  return body;
}

function textOf({ content }: Message, { encoding }: EventProperties): string {
  if (!['', 'identity', 'utf-8', 'utf8'].includes(encoding)) {
    throw new HouseError('MEDIA_TYPE_UNSUPPORTED', {
      detail: `The content encoding ${encoding.slice(0, 100)} is not read; send the body as it is, in UTF-8.`,
    });
  }
  if (!isUtf8(content)) throw new HouseError('BODY_NOT_JSON', { detail: 'The body is not UTF-8.' });
  const text = content.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
