/**
 * CloudEvents in binary content mode: attributes in application headers, the body is the data (AMQP protocol binding 1.0.2,
 * section 3.1). Both prefixes that the binding allows are read, `cloudEvents:` and `cloudEvents_`.
 */
import type { AmqpMessage } from '#platform/amqp';
import { momentOf } from './properties.ts';

const prefix = /^cloudEvents[:_]/;

/** Whether the headers of a message make it a CloudEvent in binary mode. */
export function isBinaryEvent({ properties: { headers } }: Pick<AmqpMessage, 'properties'>): boolean {
  return headers !== undefined && ('cloudEvents:specversion' in headers || 'cloudEvents_specversion' in headers);
}

/** Builds the event in its JSON form from the headers and the data. */
export function binaryEvent(
  { properties }: Pick<AmqpMessage, 'properties'>,
  data: unknown,
  mediaType: string,
): Record<string, unknown> {
  const event = Object.fromEntries(
    Object.entries(properties.headers ?? {})
      .filter(([name]) => prefix.test(name))
      .map(([name, value]) => [name.replace(prefix, ''), plainValue(value)]),
  );
  if (data === undefined) return event;
  return { ...event, ...(mediaType ? { datacontenttype: mediaType } : {}), data };
}

/** AMQP has timestamps of its own; CloudEvents writes them as text. */
function plainValue(value: unknown): unknown {
  const { '!': kind, value: inner } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  return kind === 'timestamp' ? (momentOf(inner) ?? 'no moment') : value;
}
