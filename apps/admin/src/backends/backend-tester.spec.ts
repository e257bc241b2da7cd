import type { HttpRequest, Network } from '#backends/kit';
import type { JsonValue } from '#contract';
import type { Logger } from '#platform/log';
import { createSealer, type Definitions } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { BackendTester } from './backend-tester.ts';
import type { WayOut } from './way-out.ts';

const sealer = createSealer('a secret of sixteen');
const token = 'sesame-4711';
const url = 'https://consumer.example/hook';
const wish = { to: 'anna', toKind: 'person' as const, text: 'Привет' };

/** A tester of one stored backend, on a network that does as given. */
function testerOf(settings: Record<string, JsonValue>, http: (request: HttpRequest) => ReturnType<Network['http']>) {
  const body = { type: 'webhook', settings };
  const definitions = {
    get: async (_noun: string, slug: string) => (slug === 'hook' ? { slug, body } : undefined),
  } as unknown as Definitions;
  const written: string[] = [];
  const sink = new Writable({ write: (chunk, _encoding, done) => (written.push(String(chunk)), done()) });
  const log = pino({ level: 'debug', errorKey: 'error' }, sink) as unknown as Logger;
  const tester = new BackendTester(definitions, sealer, { network: { http }, mailbox: {} } as unknown as WayOut, log);
  return { tester, logged: () => written.join('') };
}

const sealed = { url, headers: sealer.seal({ Authorization: `Bearer ${token}` }) };

describe('the tester of backends', () => {
  it('makes a fault of the adapter an outcome and a line of the log, neither of them with a secret', async () => {
    const fault = () => Promise.reject(new TypeError(`bad header "Bearer ${token}"`));
    const { tester, logged } = testerOf(sealed, fault);
    const { outcome } = await tester.test('hook', wish);
    expect(outcome).toEqual({ kind: 'retryable', reason: 'adapter_fault', detail: 'bad header "***"' });
    expect(logged()).toContain('adapter.fault');
    expect(logged()).toContain('TypeError');
    expect(logged()).toContain('bad header');
    expect(logged()).not.toContain(token);
  });

  it('makes one also of something thrown that is no error', async () => {
    const { tester, logged } = testerOf(sealed, () => Promise.reject(`no ${token}`));
    expect((await tester.test('hook', wish)).outcome.detail).toBe('no ***');
    expect(logged()).not.toContain(token);
  });

  it('masks a secret in the words of the backend, also a part of it that stands alone', async () => {
    const answer = { status: 400, headers: {}, text: `who is ${token}?`, bytes: Buffer.alloc(0) };
    const { tester } = testerOf(sealed, async () => ({ ok: true, value: answer }));
    expect((await tester.test('hook', wish)).outcome).toMatchObject({ kind: 'permanent', detail: 'who is ***?' });
  });

  it('refuses what is not there, and settings that cannot be used', async () => {
    const { tester } = testerOf({ url: 'ftp://x' }, () => Promise.reject(new Error('must not be called')));
    await expect(tester.test('nowhere', wish)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(tester.test('hook', wish)).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
      faults: [{ pointer: '/settings/url' }],
    });
    const foreign = testerOf({ url, secret: createSealer('some other secret').seal('x') }, () =>
      Promise.reject(new Error('must not be called')),
    );
    await expect(foreign.tester.test('hook', wish)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });
});
