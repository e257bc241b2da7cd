/** What arrives at the port of an HTTP server and is no request, or one that servers have disagreed about. */
import fc from 'fast-check';
import { bruised } from './weird.ts';

const oddHeads = [
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  'GET /health/live HTTP/0.9\r\n\r\n',
  'GET /health/live HTTP/2.0\r\nhost: a\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'CONNECT 169.254.169.254:80 HTTP/1.1\r\nhost: a\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n',
  'GET /health/live HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n',
  'GET /health/live HTTP/1.1\nhost: a\n\n',
  'GET /health/live HTTP/1.1\r\nhost : a\r\n\r\n',
  'GET /health/live HTTP/1.1\r\nhost: a\r\n folded\r\n\r\n',
  'GET  /health/live  HTTP/1.1\r\nhost: a\r\n\r\n',
  '\r\n\r\n\r\nGET /health/live HTTP/1.1\r\nhost: a\r\n\r\n',
  'POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x',
  'POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n',
  'POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\n',
  'POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'POST /v1/events HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'POST /v1/events HTTP/1.1\r\nhost: a\r\ntransfer-encoding: identity\r\n\r\nx',
  'POST /v1/events HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n',
  'POST /v1/events HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5;ext="\r\nhello\r\n0\r\ntrailer: x\r\n\r\n',
  'POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{"type"',
  'GET /health/live HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: x\r\n\r\n',
  'GET /health/live HTTP/1.1\r\nhost: a\r\n\r\nGET /health/live HTTP/1.1\r\nhost: a\r\n\r\nGET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n',
  `GET /health/live HTTP/1.1\r\nhost: a\r\n${Array.from({ length: 3_000 }, (_, n) => `x${n}: y\r\n`).join('')}\r\n`,
  `GET /health/live HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`,
  `GET /${'y'.repeat(200_000)} HTTP/1.1\r\nhost: a\r\n\r\n`,
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  '\0\0\0\0',
  'HELO mail\r\nQUIT\r\n',
];

/** Bytes that need not be a request: each of them, and each of them bruised. */
export const oddBytes: fc.Arbitrary<string> = fc
  .constantFrom(...oddHeads)
  .chain((head) => fc.oneof({ weight: 1, arbitrary: fc.constant(head) }, { weight: 3, arbitrary: bruised(head) }));
