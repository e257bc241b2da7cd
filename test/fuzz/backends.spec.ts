/** Every adapter of the registry over its real network code, against servers whose answers nobody should give. */
import {
  createNetwork,
  createTargetGuard,
  loopbackNetworks,
  secretsOf,
  type AnyAdapter,
  type SendContext,
} from '#backends/kit';
import { allAdapters } from '#backends/registry';
import { outcome } from '#contract';
import { simulators, type RunningSimulator } from '#testing/simulators';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { uuidv7 } from 'uuidv7';
import { badAnswers, recorded, startBadServer, type BadServer } from './answers.ts';
import { SecretScanner } from './judge.ts';

const network = createNetwork(createTargetGuard(loopbackNetworks));
/** Time for an attempt, in milliseconds, and how much later it may end. */
const attemptMs = 400;
const graceMs = 3_000;

const subjects = allAdapters().flatMap((adapter) => {
  const simulator = simulators.find(({ type }) => type === adapter.manifest.type)!;
  return simulator.variants.map((variant) => ({ type: adapter.manifest.type, variant, adapter, simulator }));
});

afterAll(() => network.close());

describe.each(subjects)('$type over $variant', ({ adapter, simulator, variant }) => {
  let running: RunningSimulator;
  let bad: BadServer;
  beforeAll(async () => {
    running = await simulator.start(variant);
    bad = await startBadServer();
  });
  afterAll(async () => {
    await running.stop();
    await bad.stop();
  });

  it('makes an outcome of every answer, in time and without a secret', async () => {
    const settingsAt = running.settingsAt?.bind(running);
    // A type without a server has no answers.
    if (!settingsAt) return expect(running.mailbox).toBeDefined();
    const send = (port: number) => attempt(adapter, settingsAt({ port }), running);
    const good = await recorded(portOf(running), send);
    expect(good).not.toBe('');
    const scanner = new SecretScanner(secretsOf(adapter.manifest, running.settings()));
    const reasons = new Set<unknown>();
    const property = fc.asyncProperty(badAnswers(good), async (answer) => {
      bad.answer = answer;
      const startedMs = performance.now();
      const told = await send(bad.port);
      expect(performance.now() - startedMs).toBeLessThan(attemptMs + graceMs);
      const parsed = outcome.safeParse(told);
      expect(parsed.error).toBeUndefined();
      reasons.add(parsed.data?.reason);
      expect(scanner.find(JSON.stringify(told))).toBeUndefined();
    });
    await fc.assert(property, { numRuns: 200, seed: 1 });
    // Had the answers not reached it, all would have come to the same.
    expect(reasons.size).toBeGreaterThanOrEqual(4);
  }, 60_000);
});

/** The port of the simulator itself; a settings text has it once. */
function portOf(running: RunningSimulator): number {
  const here = JSON.stringify(running.settings());
  const there = JSON.stringify(running.settingsAt!({ port: 1 }));
  return Number(/\d{4,5}/.exec([...here].slice(firstDifference(here, there)).join(''))![0]);
}

function firstDifference(a: string, b: string): number {
  return [...a].findIndex((char, index) => char !== b[index]);
}

function attempt(adapter: AnyAdapter, given: Record<string, unknown>, running: RunningSimulator): Promise<unknown> {
  const ctx: SendContext = {
    network,
    mailbox: { put: () => Promise.reject(new Error('nothing is kept here')) },
    signal: AbortSignal.timeout(attemptMs),
    now: () => Date.now(),
  };
  const message = {
    deliveryId: uuidv7(),
    attempt: 1,
    ...running.address,
    text: 'Осталось 3 шт.',
    part: { index: 1, of: 1 },
    recipient: 'anna',
    event: { id: uuidv7(), source: 'erp', type: 'stock.low', time: '2026-11-20T08:00:00Z', data: {} },
  };
  return adapter.send(message, adapter.manifest.settings.parse(given), ctx);
}
