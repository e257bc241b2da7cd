/** Requests that are nearly right, for every operation of the API document. */
import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import type { Operation, Parameter } from './operations.ts';
import { bruised, mutated, names, toJson, weirdText, weirdValue } from './weird.ts';

/** A request as it goes over the wire; texts hold one character per byte. */
export interface FuzzRequest {
  /** The row of the table. */
  group: string;
  method: string;
  target: string;
  headers: [name: string, value: string][];
  body: string | undefined;
  chunked: boolean;
}

/** What exists on the server under test, by the name of a path parameter: good values to hit something. */
export interface Pools {
  key: string;
  values: Record<string, readonly string[]>;
  cursors: readonly string[];
}

const oddMethods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'QUERY',
  'FOO',
  'get',
];

const oddTypes = [
  'text/plain',
  'text/plain; charset=utf-16',
  'application/json; charset=utf-16',
  'application/json; charset="',
  'application/JSON',
  'application/vnd.x+json',
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/json, text/plain',
  '/',
  ';',
  'a'.repeat(3_000),
  '\xff/json',
];

const oddTargets = [
  '/%00',
  '/v1/%2e%2e/%2e%2e/etc/passwd',
  '/v1/rules/..%2f..%2fapi-keys',
  '/v1/rules/%c0%ae%c0%ae',
  '/v1/rules/%',
  '/v1/rules/%ff',
  '/v1/rules/%ed%a0%80',
  '//v1/events',
  '/v1//events',
  '/v1/events/',
  '/V1/EVENTS',
  '/v1/events;x=1',
  '/v1/events%3Ftype=x',
  '/v1/events?' + 'a=1&'.repeat(2_000),
  '/v1/rules/' + 'a'.repeat(601),
  '/v1/rules/' + 'a'.repeat(9_000),
  '/docs/../v1/events',
  '/docs/..%2f..%2fpackage.json',
  '/docs/%2e%2e/%2e%2e/package.json',
  '/openapi.json/x',
  '/__proto__',
  '/constructor',
  '/v1/__proto__/constructor',
  '/\xd0\xb4',
  '*',
  'http://169.254.169.254/v1/events',
];

/** Any request to an operation. */
export function requestsTo(operation: Operation, pools: Pools): fc.Arbitrary<FuzzRequest> {
  const often = { weight: 12 };
  return fc
    .record({
      method: fc.oneof(
        { ...often, arbitrary: fc.constant(operation.method) },
        { weight: 1, arbitrary: fc.constantFrom(...oddMethods) },
      ),
      target: fc.oneof(
        { weight: 20, arbitrary: targetsOf(operation, pools) },
        { weight: 1, arbitrary: fc.constantFrom(...oddTargets) },
      ),
      authorization: authorizations(pools.key),
      odd: fc.array(oddHeader, { maxLength: 2 }),
      own: declaredHeaders(operation),
      content: contentsOf(operation),
      chunked: fc.oneof({ ...often, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    })
    .map(({ method, target, authorization, odd, own, content, chunked }) => ({
      group: operation.group,
      method,
      target,
      headers: [...authorization, ...content.headers, ...own, ...odd],
      body: content.body,
      chunked: chunked && content.body !== undefined,
    }));
}

function targetsOf({ path, parameters }: Operation, pools: Pools): fc.Arbitrary<string> {
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const steps = fc.tuple(...inPath.map((parameter) => pathValue(parameter, pools)));
  const declared = parameters.filter((parameter) => parameter.in === 'query');
  const query =
    declared.length === 0
      ? fc.oneof({ weight: 6, arbitrary: fc.constant('') }, { weight: 1, arbitrary: queries([], pools) })
      : queries(declared, pools);
  return fc.tuple(steps, query).map(([values, search]) => {
    const filled = inPath.reduce((whole, { name }, index) => whole.replace(`{${name}}`, () => values[index]!), path);
    return search === '' ? filled : `${filled}?${search}`;
  });
}

function pathValue({ name, example }: Parameter, pools: Pools): fc.Arbitrary<string> {
  const good = [...(pools.values[name] ?? []), ...(example === undefined ? [] : [example])];
  const odd = weirdText.map((text) => escaped(text.slice(0, 2_000)) || '%20');
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...(good.length > 0 ? good : ['x'])) },
    { weight: 1, arbitrary: odd },
  );
}

function queries(declared: readonly Parameter[], pools: Pools): fc.Arbitrary<string> {
  const known = declared.map(({ name, example }) => {
    const good = name === 'cursor' ? pools.cursors : [example ?? 'x'];
    const value = fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom(...(good.length > 0 ? good : ['x'])).map(escaped) },
      { weight: 2, arbitrary: weirdText.map((text) => escaped(text.slice(0, 3_000))) },
      { weight: 1, arbitrary: fc.constantFrom(...oddNumbers, ...oddCursors) },
    );
    return value.map((text) => `${name}=${text}`);
  });
  const unknown = fc.tuple(
    fc.constantFrom(...names.map((name) => escaped(name.slice(0, 600))), 'limit[]', 'x[y]'),
    weirdText,
  );
  const other = unknown.map(([name, text]) => `${name}=${escaped(text.slice(0, 500))}`);
  const odd = fc.constantFrom('&', '=', '%', '%00', '%ff=%ff', '&&==&', '?', '#', 'limit', 'limit=1&limit=2');
  const one = fc.oneof(
    ...known.map((arbitrary) => ({ weight: 3, arbitrary })),
    { weight: 1, arbitrary: other },
    { weight: 1, arbitrary: odd },
  );
  return fc.array(one, { maxLength: 4 }).map((parts) => parts.join('&'));
}

const oddNumbers = [
  '0',
  '-1',
  '1',
  '501',
  '1e3',
  '0x10',
  '1.5',
  '+1',
  '9007199254740993',
  'Infinity',
  'NaN',
  '%20',
  '1%00',
];
const oddCursors = [
  'e30',
  'bnVsbA',
  'W10',
  'eyJpZCI6MX0',
  '=',
  '%2B%2F',
  Buffer.from('["9999-99-99","x"]').toString('base64url'),
];

/** Percent-encoded, whatever it holds: half a surrogate pair as the three bytes that UTF-8 forbids. */
function escaped(text: string): string {
  return [...text]
    .map((char) => {
      const code = char.codePointAt(0)!;
      if (code < 0xd800 || code > 0xdfff) return encodeURIComponent(char);
      return `%ed%${(0x80 | ((code >> 6) & 0x3f)).toString(16)}%${(0x80 | (code & 0x3f)).toString(16)}`;
    })
    .join('');
}

function authorizations(key: string): fc.Arbitrary<[string, string][]> {
  const wrong = [
    '',
    'Bearer',
    'Bearer ',
    'Bearer x',
    `Bearer ${key} ${key}`,
    `Basic ${key}`,
    `bearer ${'x'.repeat(8_000)}`,
    'Bearer \xff\xfe',
    key,
  ];
  return fc.oneof(
    { weight: 14, arbitrary: fc.constant<[string, string][]>([['authorization', `Bearer ${key}`]]) },
    { weight: 1, arbitrary: fc.constant<[string, string][]>([]) },
    { weight: 1, arbitrary: fc.constantFrom(...wrong).map((value): [string, string][] => [['authorization', value]]) },
    {
      weight: 1,
      arbitrary: fc.constant<[string, string][]>([
        ['authorization', 'Bearer x'],
        ['authorization', `Bearer ${key}`],
      ]),
    },
  );
}

const headerText = weirdText.map((text) =>
  Buffer.from(text.slice(0, 3_000))
    .toString('latin1')
    .replace(/[\0\r\n]/g, '?'),
);

const oddHeader: fc.Arbitrary<[string, string]> = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      'idempotency-key',
      'last-event-id',
      'x-request-id',
      'accept',
      'cookie',
      'origin',
      'x-forwarded-for',
      'te',
      'range',
    ),
    headerText,
  ),
  fc.tuple(
    fc.constantFrom('ce-specversion', 'ce-id', 'ce-type', 'ce-source', 'ce-time', 'ce-data', 'ce-__proto__'),
    headerText,
  ),
  fc.tuple(fc.constantFrom('ce-specversion'), fc.constantFrom('1.0', '0.3', '1.99')),
  fc.constantFrom<[string, string]>(
    ['expect', '100-continue'],
    ['expect', 'the impossible'],
    ['connection', 'close'],
    ['connection', 'upgrade'],
    ['upgrade', 'websocket'],
    ['upgrade', 'h2c'],
    ['accept', 'application/xml'],
    ['accept-encoding', 'br;q=1.0, gzip;q=0.8, *;q=0.1'],
    ['accept-version', '2.x'],
    ['content-encoding', 'gzip'],
    ['x-http-method-override', 'DELETE'],
    ['x-big', 'a'.repeat(9_000)],
    ['x-huge', 'a'.repeat(20_000)],
  ),
);

function declaredHeaders({ parameters }: Operation): fc.Arbitrary<[string, string][]> {
  const declared = parameters.filter((parameter) => parameter.in === 'header');
  if (declared.length === 0) return fc.constant([]);
  return fc.array(fc.tuple(fc.constantFrom(...declared.map(({ name }) => name)), headerText), { maxLength: 2 });
}

interface Content {
  headers: [string, string][];
  body: string | undefined;
}

function contentsOf({ bodies }: Operation): fc.Arbitrary<Content> {
  const none = fc.constant<Content>({ headers: [], body: undefined });
  if (bodies.length === 0) {
    const useless = weirdValue.map((value): Content => typed('application/json', toJson(value)));
    return fc.oneof({ weight: 9, arbitrary: none }, { weight: 1, arbitrary: useless });
  }
  const withBody = fc.constantFrom(...bodies).chain(({ type, value }) => {
    const types = fc.oneof(
      { weight: 9, arbitrary: fc.constant(type) },
      { weight: 1, arbitrary: fc.constantFrom(...oddTypes) },
    );
    return fc.tuple(types, bodyTexts(value)).map(([chosen, text]) => typed(chosen, text));
  });
  return fc.oneof({ weight: 1, arbitrary: none }, { weight: 15, arbitrary: withBody });
}

function typed(type: string, text: string): Content {
  return { headers: [['content-type', type]], body: text };
}

/** Texts of a body, one character per byte. */
function bodyTexts(example: unknown): fc.Arbitrary<string> {
  const good = utf8(toJson(example));
  const changed = mutated(example).map((value) => utf8(toJson(value)));
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(good) },
    { weight: 12, arbitrary: changed },
    { weight: 3, arbitrary: bruised(good) },
    { weight: 1, arbitrary: weirdValue.map((value) => utf8(toJson(value))) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '',
        ' ',
        '\xef\xbb\xbf',
        '\xef\xbb\xbf' + good,
        Buffer.from(`\ufeff${good}`, 'utf16le').toString('latin1'),
        gzipSync(good).toString('latin1'),
        `${good}${good}`,
        `[${Array.from({ length: 200 }, () => good).join(',')}]`,
        ' '.repeat(100_000) + good,
      ),
    },
  );
}

function utf8(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** The bytes of a request, framed so that the server knows where it ends. */
export function bytesOf({ method, target, headers, body, chunked }: FuzzRequest): Buffer {
  const clean = target.replace(/[\0-\x20\x7f]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
  const framing: [string, string][] = chunked
    ? [['transfer-encoding', 'chunked']]
    : body === undefined
      ? []
      : [['content-length', String(body.length)]];
  const lines = [['host', 'fuzz'], ...headers, ...framing].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const content = chunked ? `${chunksOf(body ?? '')}0\r\n\r\n` : (body ?? '');
  return Buffer.from(`${method} ${clean} HTTP/1.1\r\n${lines}\r\n${content}`, 'latin1');
}

function chunksOf(body: string): string {
  const middle = Math.ceil(body.length / 2);
  return [body.slice(0, middle), body.slice(middle)]
    .filter((part) => part !== '')
    .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
    .join('');
}
