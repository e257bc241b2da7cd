/** Reads every form of `POST /v1/events` into events to be stored: plain JSON, CloudEvents (structured, batch, binary), arrays of either. */
import type { IncomingHttpHeaders } from 'node:http';
import { HouseError, limits } from '#contract';
import { invalid } from '#platform/http';
import type { NewEvent } from '#platform/store';
import { readBinary } from './binary-mode.ts';
import { readAll, readCloudEvent, readEither, type AtTheDoor, type Reader } from './read-event.ts';

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

/** Reads a request. Throws a `HouseError` that points at every fault (up to 100); then nothing of the request is to be stored. */
export function readEvents(request: EventRequest): ReadEvents {
  const { headers, body } = request;
  const mediaType = mediaTypeOf(headers);
  if (headers['ce-specversion'] !== undefined)
    return { many: false, events: readAll([readBinary(headers, body, mediaType)], readCloudEvent, atTheDoor(request)) };
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
  return { many: false, events: readAll([body], reader, atTheDoor(request)) };
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
  return { many: true, events: readAll(body, reader, atTheDoor(request), '/') };
}

function atTheDoor({ headers, defaultSource, nowMs }: EventRequest): AtTheDoor {
  return { defaultSource, nowMs, givenKey: () => headerKey(headers) };
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
