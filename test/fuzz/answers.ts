/** Answers that no backend should give, made from those that it does give. */
import fc from 'fast-check';
import { connect, createServer, type Socket } from 'node:net';
import { listen, type Listening } from '#testing/simulators';
import { bruised, mutated, toJson, weirdValue } from './weird.ts';

/** What a server does with a connection once something was asked. One character per byte. */
export interface BadAnswer {
  pieces: string[];
  /** How it goes on after the last piece. */
  ending: 'end' | 'reset' | 'silence';
}

/** A server that gives bad answers, whichever it was told to give at the moment. */
export interface BadServer extends Listening {
  answer: BadAnswer;
}

/** Starts a server that speaks first when it is told so by an empty request, as a greeting, and answers whatever is sent. */
export async function startBadServer(): Promise<BadServer> {
  const play = (socket: Socket, { pieces, ending }: BadAnswer): void => {
    if (socket.destroyed) return;
    const [first, ...rest] = pieces;
    if (first !== undefined) {
      socket.write(Buffer.from(first, 'latin1'));
      return void setImmediate(() => play(socket, { pieces: rest, ending }));
    }
    if (ending === 'end') socket.end();
    if (ending === 'reset') socket.resetAndDestroy();
  };
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => play(socket, bad.answer));
    socket.resume();
  });
  const bad: BadServer = { ...(await listen(server)), answer: { pieces: [], ending: 'end' } };
  return bad;
}

/** Passes everything on to a good server, and keeps what that answered. */
export async function recorded(port: number, ask: (port: number) => Promise<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  const server = createServer((socket) => {
    const onward = connect(port, '127.0.0.1');
    for (const side of [socket, onward]) side.on('error', () => undefined);
    onward.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.pipe(onward).pipe(socket);
  });
  const between = await listen(server);
  await ask(between.port);
  await between.stop();
  return Buffer.concat(chunks).toString('latin1');
}

const heads = [
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 204 No Content\r\n',
  'HTTP/1.1 200\r\n',
  'HTTP/1.0 200 OK\r\n',
  'HTTP/2.0 200 OK\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n',
  'HTTP/1.1 301 Moved\r\nlocation: http://169.254.169.254/\r\n',
  'HTTP/1.1 302 Found\r\nlocation: file:///etc/passwd\r\n',
  'HTTP/1.1 401 Unauthorized\r\n',
  'HTTP/1.1 429 Slow Down\r\nretry-after: -5\r\n',
  'HTTP/1.1 429 Slow Down\r\nretry-after: 99999999999999999999\r\n',
  'HTTP/1.1 503 Busy\r\nretry-after: Fri, 99 Foo 2026 99:99:99 GMT\r\n',
  'HTTP/1.1 000 Nothing\r\n',
  'HTTP/1.1 999 Much\r\n',
  'HTTP/1.1 -1 Less\r\n',
  'ICY 200 OK\r\n',
];

const headers = [
  '',
  'content-type: text/html\r\n',
  'content-type: application/json; charset=utf-16\r\n',
  'content-type: \xff\r\n',
  'content-encoding: gzip\r\n',
  'content-length: 5\r\n',
  'content-length: 99999999\r\n',
  'content-length: -1\r\n',
  'content-length: 1\r\ncontent-length: 2\r\n',
  'transfer-encoding: chunked\r\n',
  'transfer-encoding: chunked\r\ncontent-length: 3\r\n',
  `x: ${'y'.repeat(100_000)}\r\n`,
  Array.from({ length: 3_000 }, (_, n) => `x${n}: y\r\n`).join(''),
  'no colon here\r\n',
  ': no name\r\n',
  'set-cookie: a\0b\r\n',
];

const bodies: fc.Arbitrary<string> = fc.oneof(
  weirdValue.map((value) => Buffer.from(toJson(value)).toString('latin1')),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.constantFrom(
    '',
    '5\r\nhello\r\n0\r\n\r\n',
    'zz\r\n',
    'ffffffffffffffff\r\nx',
    '5\r\nhel',
    'x'.repeat(3_000_000),
    '<html>no</html>',
  ),
);

/** The good answer with other JSON in it, framed as HTTP frames it where it was HTTP; `undefined` when it holds no JSON. */
function otherContent(good: string): fc.Arbitrary<string> | undefined {
  const [head = '', content = good] = good.startsWith('HTTP/') ? good.split('\r\n\r\n', 2) : ['', good];
  const json = /\{.*\}/s.exec(content)?.[0];
  if (json === undefined) return undefined;
  const plainHead = head.replace(/\r\n(content-length|transfer-encoding):[^\r]*/gi, '');
  return mutated(JSON.parse(Buffer.from(json, 'latin1').toString())).map((value) => {
    const body = Buffer.from(toJson(value)).toString('latin1');
    return head === ''
      ? content.replace(json, () => body)
      : `${plainHead}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  });
}

/** Bad answers: a good one bruised or with other content, an HTTP answer put together from what does not belong together, or bytes. */
export function badAnswers(good: string): fc.Arbitrary<BadAnswer> {
  const parts = fc.tuple(fc.constantFrom(...heads), fc.array(fc.constantFrom(...headers), { maxLength: 3 }), bodies);
  const other = otherContent(good);
  const texts = fc.oneof(
    ...(other ? [{ weight: 6, arbitrary: other }] : []),
    { weight: 4, arbitrary: bruised(good) },
    { weight: 4, arbitrary: parts.map(([head, lines, body]) => `${head}${lines.join('')}\r\n${body}`) },
    { weight: 1, arbitrary: bodies },
  );
  return fc.record({
    pieces: fc
      .tuple(texts, fc.nat({ max: 400 }))
      .map(([text, at]) => [text.slice(0, at), text.slice(at)].filter((piece) => piece !== '')),
    ending: fc.oneof(
      { weight: 8, arbitrary: fc.constant('end' as const) },
      { weight: 2, arbitrary: fc.constant('reset' as const) },
      { weight: 1, arbitrary: fc.constant('silence' as const) },
    ),
  });
}
