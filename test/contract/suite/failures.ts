import { expect, it } from '@jest/globals';
import type { OutcomeKind } from '#contract';
import {
  closedPort,
  listen,
  selfSigned,
  type BehaviourKind,
  type PlainBehaviour,
  type RunningSimulator,
} from '#testing/simulators';
import { createServer as createHttpsServer } from 'node:https';
import { createServer } from 'node:net';
import type { Bench } from './bench.ts';

/** What must follow from each failure that a simulator can play. */
export const verdicts: Partial<Record<PlainBehaviour, OutcomeKind>> = {
  reject: 'permanent',
  busy: 'retryable',
  badAuth: 'authBroken',
  reset: 'retryable',
  garbage: 'retryable',
  offline: 'recipientOffline',
};

/** What a requested wait must be read as, in milliseconds. */
const waits: [asked: number | string, read: number | undefined][] = [
  [7, 7000],
  ['1.5', 1500],
  ['0', 1000],
  ['999999999', 24 * 3600 * 1000],
  ['soon', undefined],
];

/** What a simulator lets the suite do. */
export interface Abilities {
  can: ReadonlySet<BehaviourKind>;
  /** Whether the adapter can be aimed at another port, and at another port over TLS. */
  aims: { plain: boolean; tls: boolean };
  /** Whether it has people who come and go. */
  presence: boolean;
}

/** Asks a running simulator what it lets the suite do. */
export function abilitiesOf(running: RunningSimulator): Abilities {
  const [plain, tls] = [false, true].map((over) => JSON.stringify(running.settingsAt?.({ port: 1, tls: over })));
  return {
    can: running.can,
    aims: { plain: plain !== undefined, tls: tls !== plain },
    presence: running.presence !== undefined,
  };
}

/** Cases about failures; only those that the simulator can play. */
export function describeFailures(bench: () => Bench, { can, aims }: Abilities): void {
  for (const [behaviour, kind] of Object.entries(verdicts) as [PlainBehaviour, OutcomeKind][]) {
    if (!can.has(behaviour)) continue;
    it(`answers ${kind} to "${behaviour}", delivers nothing, and works again afterwards`, async () => {
      const { running } = bench();
      const address = behaviour === 'offline' ? running.offlineAddress : running.address;
      running.plan(behaviour);
      const outcome = await bench().send(address);
      expect(outcome).toMatchObject({ kind, reason: expect.stringMatching(/^[A-Za-z0-9_]+$/) });
      expect(outcome.detail).not.toBe('');
      expect(running.received()).toEqual([]);
      expect(await bench().send(address)).toMatchObject({ kind: 'delivered' });
    });
  }

  it('stops waiting when the time of the attempt is up', async () => {
    bench().running.plan('hang');
    const startedAt = performance.now();
    expect(await bench().send({}, { timeoutMs: 100 })).toMatchObject({ kind: 'retryable', reason: 'timeout' });
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  if (can.has('busyFor')) describeWaits(bench);
  if (aims.plain) describeConnections(bench);
  if (aims.tls) describeTls(bench);
}

function describeWaits(bench: () => Bench): void {
  for (const [asked, read] of waits) {
    it(`reads a requested wait of "${asked}" as ${read ?? 'none'}`, async () => {
      bench().running.plan({ kind: 'busyFor', seconds: asked });
      const outcome = await bench().send();
      expect(outcome.kind).toBe('retryable');
      expect(outcome.retryAfterMs).toBe(read);
    });
  }

  it('reads a requested wait that is given as a date', async () => {
    bench().running.plan({ kind: 'busyFor', seconds: new Date(Date.now() + 60_000).toUTCString() });
    const { retryAfterMs } = await bench().send();
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });
}

function describeConnections(bench: () => Bench): void {
  it('reports the backend as down when the connection is refused', async () => {
    const port = await closedPort(createServer);
    const settings = bench().running.settingsAt!({ port });
    expect(await bench().send({}, { settings })).toMatchObject({ kind: 'backendDown', reason: 'refused' });
  });

  it('tries again after a server that hangs up at once', async () => {
    const { port, stop } = await listen(createServer((socket) => socket.destroy()));
    const settings = bench().running.settingsAt!({ port });
    expect(await bench().send({}, { settings })).toMatchObject({ kind: 'retryable' });
    await stop();
  });

  it('takes a server that speaks another protocol for anything but success', async () => {
    const { port, stop } = await listen(createServer((socket) => socket.end('220 mail.example ESMTP\r\n250 OK\r\n')));
    const settings = bench().running.settingsAt!({ port });
    expect(await bench().send({}, { settings })).toMatchObject({ kind: 'retryable' });
    await stop();
  });
}

function describeTls(bench: () => Bench): void {
  it('reports the backend as down when TLS meets a server without it', async () => {
    const { port, stop } = await listen(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    const overTls = bench().running.settingsAt!({ port, tls: true });
    expect(await bench().send({}, { settings: overTls })).toMatchObject({ kind: 'backendDown', reason: 'tls' });
    await stop();
  });
  it('reports the backend as down when nobody vouches for its certificate', async () => {
    const { port, stop } = await listen(createHttpsServer(selfSigned(), (_, response) => response.end('{}')));
    const overTls = bench().running.settingsAt!({ port, tls: true });
    expect(await bench().send({}, { settings: overTls })).toMatchObject({ kind: 'backendDown', reason: 'tls' });
    await stop();
  });
}
