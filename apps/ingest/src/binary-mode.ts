/** CloudEvents in binary content mode: attributes in `ce-` headers, the body is the data (HTTP protocol binding 1.0.2, 3.1). */
import type { IncomingHttpHeaders } from 'node:http';
import { HouseError } from '#contract';

/** Builds the event in JSON form. Throws a `HouseError` for a body that is neither JSON nor text, or a header that is not percent-encoded UTF-8. */
export function readBinary(headers: IncomingHttpHeaders, body: unknown, mediaType: string): Record<string, unknown> {
  const event: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('ce-')) event[name.slice(3)] = decodeHeader(name, String(value));
  }
  if (body === undefined || body === null || (body === '' && mediaType === '')) return event;
  if (!isJsonType(mediaType) && !mediaType.startsWith('text/')) {
    throw new HouseError('MEDIA_TYPE_UNSUPPORTED', {
      detail: `Data of type ${mediaType || 'unknown'} is not read; JSON and text are.`,
    });
  }
  return { ...event, datacontenttype: mediaType, data: body };
}

function isJsonType(mediaType: string): boolean {
  return mediaType === 'application/json' || mediaType.endsWith('+json');
}

function decodeHeader(name: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch (cause) {
    throw new HouseError('REQUEST_INVALID', {
      faults: [{ pointer: name, detail: 'must be percent-encoded UTF-8' }],
      cause,
    });
  }
}
