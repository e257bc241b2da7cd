/** Reads single events, plain JSON and CloudEvents, into events to be stored. Every door reads them by this. */
import { cloudEvent, faultsOf, HouseError, limits, plainEvent, type Fault, type JsonValue } from '#contract';
import { invalid } from '#platform/http';
import { newId, type NewEvent } from '#platform/store';
import { isDeeperThan } from './depth.ts';

/** What the door knows of an event besides its JSON. */
export interface AtTheDoor {
  /** Source of events that name none. */
  defaultSource: string;
  nowMs: number;
  /** The idempotency key that came beside the event, if any. Throws a `HouseError` when it is none. */
  givenKey: () => string | undefined;
}

/** Reads one item, or says what is wrong with it. May throw a `HouseError` for what no pointer describes. */
export type Reader = (item: unknown, pointer: string, door: AtTheDoor) => NewEvent | Fault[];

/** Reads items of one request. Throws a `HouseError` that points at every fault (up to 100); `prefix` stands before the index in the pointers. */
export function readAll(items: unknown[], reader: Reader, door: AtTheDoor, prefix = ''): NewEvent[] {
  const events: NewEvent[] = [];
  const faults: Fault[] = [];
  for (const [index, item] of items.entries()) {
    const result = reader(item, prefix ? prefix + index : '', door);
    if (Array.isArray(result)) faults.push(...result);
    else events.push(result);
    if (faults.length >= 100) break;
  }
  if (faults.length > 0) throw invalid(faults);
  return events;
}

/** Reads a CloudEvent by its `specversion`, anything else as plain JSON. */
export const readEither: Reader = (item, pointer, door) => {
  const isCloudEvent = typeof item === 'object' && item !== null && 'specversion' in item;
  return (isCloudEvent ? readCloudEvent : readPlain)(item, pointer, door);
};

/** Reads plain JSON. */
export const readPlain: Reader = (item, pointer, door) => {
  const parsed = plainEvent.safeParse(item);
  if (!parsed.success) return faultsOf(parsed.error.issues, pointer);
  const { type, source, subject, time, idempotencyKey, correlationKey, data } = parsed.data;
  return {
    id: newId(),
    source: source ?? door.defaultSource,
    type,
    subject,
    time: momentOf(time, door),
    idempotencyKey: idempotencyKeyOf(door, idempotencyKey),
    correlationKey,
    ...dataOf(data, pointer),
    extensions: undefined,
  };
};

/** Reads a CloudEvent in its JSON form. */
export const readCloudEvent: Reader = (item, pointer, door) => {
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
    time: momentOf(time, door),
    idempotencyKey: door.givenKey() ?? id,
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
function momentOf(time: string | undefined, door: AtTheDoor): string {
  return new Date(time ?? door.nowMs).toISOString();
}

function idempotencyKeyOf(door: AtTheDoor, inBody: string | undefined): string | undefined {
  const given = door.givenKey();
  if (given !== undefined && inBody !== undefined && given !== inBody) {
    throw new HouseError('IDEMPOTENCY_KEY_CONFLICT', { detail: 'The header and the body name different keys.' });
  }
  return given ?? inBody;
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
