/** Reads every form of `POST /v1/events` into events to be stored: plain JSON, CloudEvents (structured, batch, binary), arrays of either. */
import type { IncomingHttpHeaders } from 'node:http';
import { cloudEvent, faultsOf, HouseError, limits, plainEvent, type Fault, type JsonValue } from '#contract';
import { invalid } from '#platform/http';
import { newId, type NewEvent } from '#platform/store';
import { readBinary } from './binary-mode.ts';
import { isDeeperThan } from './depth.ts';

/** One request at the door. */
export interface EventRequest {
  headers: IncomingHttpHeaders;
  /** The parsed JSON, or the text of a `text/*` body. */
  body: unknown;
  /** Source of events that name none: the name of the API key. */
  defaultSource: string;
  nowMs: number;
}

/** What a request held. */
export interface ReadEvents {
  /** Whether the body was an array, which is answered as one. */
  many: boolean;
  events: NewEvent[];
}

type Reader = (item: unknown, pointer: string, request: EventRequest) => NewEvent | Fault[];

/** Reads a request. Throws a `HouseError` that points at every fault (up to 100); then nothing of the request is to be stored. */
export function readEvents(request: EventRequest): ReadEvents {
  const { headers, body } = request;
  const mediaType = mediaTypeOf(headers);
  if (headers['ce-specversion'] !== undefined)
    return { many: false, events: readAll([readBinary(headers, body, mediaType)], readCloudEvent, request) };
  switch (mediaType) {
    case 'application/json':
      return Array.isArray(body) ? readArray(body, readEither, request) : readSingle(body, readEither, request);
    case 'application/cloudevents+json':
      return readSingle(body, readCloudEvent, request);
    case 'application/cloudevents-batch+json':
      if (!Array.isArray(body)) throw invalid([{ pointer: '', detail: 'must be an array of CloudEvents' }]);
      return readArray(body, readCloudEvent, request);
    default:
      throw new HouseError('MEDIA_TYPE_UNSUPPORTED', {
        detail: mediaType ? `${mediaType} without ce- headers is not an event.` : 'The request has no content type.',
      });
  }
}

/** The media type of a request without its parameters, in lower case. */
export function mediaTypeOf(headers: IncomingHttpHeaders): string {
  return (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
}

function readSingle(body: unknown, reader: Reader, request: EventRequest): ReadEvents {
  return { many: false, events: readAll([body], reader, request) };
}

function readArray(body: unknown[], reader: Reader, request: EventRequest): ReadEvents {
  if (body.length === 0) throw invalid([{ pointer: '', detail: 'must hold at least one event' }]);
  if (body.length > limits.eventsPerRequest) {
    throw new HouseError('TOO_MANY_EVENTS', {
      detail: `${body.length} events; at most ${limits.eventsPerRequest} in one request.`,
    });
  }
  if (request.headers['idempotency-key'] !== undefined) {
    throw new HouseError('IDEMPOTENCY_KEY_CONFLICT', {
      detail: 'The header names one event, the body holds an array.',
    });
  }
  return { many: true, events: readAll(body, reader, request, '/') };
}

function readAll(items: unknown[], reader: Reader, request: EventRequest, prefix = ''): NewEvent[] {
  const events: NewEvent[] = [];
  const faults: Fault[] = [];
  for (const [index, item] of items.entries()) {
    const result = reader(item, prefix ? prefix + index : '', request);
    if (Array.isArray(result)) faults.push(...result);
    else events.push(result);
    if (faults.length >= 100) break;
  }
  if (faults.length > 0) throw invalid(faults);
  return events;
}

const readEither: Reader = (item, pointer, request) => {
  const isCloudEvent = typeof item === 'object' && item !== null && 'specversion' in item;
  return (isCloudEvent ? readCloudEvent : readPlain)(item, pointer, request);
};

const readPlain: Reader = (item, pointer, request) => {
  const parsed = plainEvent.safeParse(item);
  if (!parsed.success) return faultsOf(parsed.error.issues, pointer);
  const { type, source, subject, time, idempotencyKey, correlationKey, data } = parsed.data;
  return {
    id: newId(),
    source: source ?? request.defaultSource,
    type,
    subject,
    time: momentOf(time, request),
    idempotencyKey: idempotencyKeyOf(request.headers, idempotencyKey),
    correlationKey,
    ...dataOf(data, pointer),
    extensions: undefined,
  };
};

const readCloudEvent: Reader = (item, pointer, request) => {
  const parsed = cloudEvent.safeParse(item);
  if (!parsed.success) return faultsOf(parsed.error.issues, pointer);
  const { specversion, id, source, type, subject, time, correlationkey, ...content } = parsed.data;
  if (!/^1\.\d+$/.test(specversion))
    throw new HouseError('SPEC_VERSION_UNSUPPORTED', { detail: `specversion is ${specversion.slice(0, 20)}.` });
  const { data, data_base64, datacontenttype, ...extensions } = content;
  const faults = Object.entries(extensions).flatMap(([name, value]) =>
    extensionFaults(`${pointer}/${name}`, name, value),
  );
  if (faults.length > 0) return faults;
  const decoded = data_base64 === undefined ? data : decodeData(data_base64, datacontenttype);
  if (decoded === notText)
    return [{ pointer: `${pointer}/data_base64`, detail: 'must be Base64 of JSON or UTF-8 text' }];
  return {
    id: newId(),
    source,
    type,
    subject,
    time: momentOf(time, request),
    idempotencyKey: headerKey(request.headers) ?? id,
    correlationKey: correlationkey,
    ...dataOf(decoded, pointer),
    extensions: Object.keys(extensions).length > 0 ? (extensions as Record<string, JsonValue>) : undefined,
  };
};

/** Extension attributes have lower-case names and simple values (CloudEvents 1.0.2, 2.4 and 3.1). */
function extensionFaults(pointer: string, name: string, value: unknown): Fault[] {
  if (!/^[a-z0-9]{1,64}$/.test(name))
    return [{ pointer, detail: 'is no CloudEvents attribute name (a-z and 0-9 only)' }];
  if (typeof value === 'object') return [{ pointer, detail: 'must be a string, a number or a boolean' }];
  if (typeof value === 'string' && value.length > limits.attributeChars)
    return [{ pointer, detail: `must have at most ${limits.attributeChars} characters` }];
  return [];
}

/** The moment an event names, in UTC: an offset may be wider than a database takes. */
function momentOf(time: string | undefined, request: EventRequest): string {
  return new Date(time ?? request.nowMs).toISOString();
}

function idempotencyKeyOf(headers: IncomingHttpHeaders, inBody: string | undefined): string | undefined {
  const inHeader = headerKey(headers);
  if (inHeader !== undefined && inBody !== undefined && inHeader !== inBody) {
    throw new HouseError('IDEMPOTENCY_KEY_CONFLICT', { detail: 'The header and the body name different keys.' });
  }
  return inHeader ?? inBody;
}

function headerKey(headers: IncomingHttpHeaders): string | undefined {
  const value = headers['idempotency-key'];
  if (value === undefined) return undefined;
  const key = String(value).trim();
  if (key === '' || key.length > limits.attributeChars) {
    throw invalid([{ pointer: 'Idempotency-Key', detail: `must have 1 to ${limits.attributeChars} characters` }]);
  }
  return key;
}

function dataOf(given: unknown, pointer: string): Pick<NewEvent, 'data' | 'dataText'> {
  const data = (given === undefined ? {} : given) as JsonValue;
  if (isDeeperThan(data, limits.dataDepth)) {
    throw new HouseError('EVENT_TOO_DEEP', {
      detail: `${pointer}/data is nested more than ${limits.dataDepth} levels deep.`,
      faults: [{ pointer: `${pointer}/data`, detail: `must not be nested more than ${limits.dataDepth} levels deep` }],
    });
  }
  const text = JSON.stringify(data);
  if (
    text.length > limits.eventBytes ||
    (text.length > limits.eventBytes / 4 && Buffer.byteLength(text) > limits.eventBytes)
  ) {
    throw new HouseError('EVENT_TOO_LARGE', {
      detail: `${pointer}/data has ${Buffer.byteLength(text)} bytes; at most ${limits.eventBytes} are taken.`,
      faults: [{ pointer: `${pointer}/data`, detail: `must have at most ${limits.eventBytes} bytes as JSON` }],
    });
  }
  return { data, dataText: text };
}

const notText = Symbol('not text');

function decodeData(base64: string, contentType: string | undefined): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
    return !contentType || /[/+]json\b/i.test(contentType) ? (JSON.parse(text) as unknown) : text;
  } catch {
    return notText;
  }
}
