import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Job, Worker } from 'bullmq';
import { WatchedConsumer } from './consumer.ts';
import type { OpenWorker, WorkerParts } from './servers.ts';
import { listeningLog } from './spec-log.ts';
import { createWatch } from './watch.ts';

/** A consumer whose workers do nothing by themselves, and a watch on it. */
function start(concurrency = 2) {
  const { log, lines } = listeningLog();
  const made: (WorkerParts & { discarded: boolean })[] = [];
  const open = (parts: WorkerParts): OpenWorker => {
    const one = { ...parts, discarded: false };
    made.push(one);
    const discard = async () => void (one.discarded = true);
    return { worker: {} as Worker, close: async () => undefined, discard };
  };
  const consumer = new WatchedConsumer({
    queue: 'route',
    options: { concurrency },
    handle: () => new Promise(() => undefined),
    open,
    isAway: () => false,
    failed: () => undefined,
    fetched: () => undefined,
    closed: () => undefined,
  });
  const server = { waiting: 0, asked: 0, away: false };
  const look = createWatch({
    quietMs: 15_000,
    log,
    consumers: new Set([consumer]),
    isAway: () => server.away,
    ready: async () => {
      server.asked += 1;
      if (server.waiting < 0) throw new Error('Connection is closed.');
      return server.waiting;
    },
  });
  /** Lets time pass with a look every five seconds, and something of the spec's own. */
  const pass = async (seconds: number, each: () => void = () => undefined) => {
    for (let second = 5; second <= seconds; second += 5) {
      jest.advanceTimersByTime(5000);
      each();
      await look();
    }
  };
  return { consumer, made, server, lines, pass };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('the watch', () => {
  it('has a worker made anew that asks for nothing although jobs wait', async () => {
    const { consumer, made, server, lines, pass } = start();
    server.waiting = 3;
    await pass(15);
    expect(made).toHaveLength(1);
    await pass(5);
    expect(made.map(({ discarded }) => discarded)).toEqual([true, false]);
    expect(lines).toEqual([{ event: 'queue.worker_rebuilt', fields: { queue: 'route', idleMs: 20_000, waiting: 3 } }]);
    expect(consumer.health()).toEqual({ queue: 'route', idleMs: 20_000, stuck: true });
    made[1]!.fetched();
    expect(consumer.health()).toEqual({ queue: 'route', idleMs: 0, stuck: false });
  });

  it('gives the new worker as much time as the old one, and then makes another', async () => {
    const { made, server, pass } = start();
    server.waiting = 1;
    await pass(35);
    expect(made).toHaveLength(2);
    await pass(5);
    expect(made).toHaveLength(3);
  });

  it('does not take a sign of life of the old worker for one of the new', async () => {
    const { consumer, made, server, pass } = start();
    server.waiting = 1;
    await pass(20);
    made[0]!.fetched();
    expect(consumer.health()).toMatchObject({ idleMs: 20_000, stuck: true });
  });

  it('asks nothing while the worker fetches by itself', async () => {
    const { made, server, pass } = start();
    server.waiting = 3;
    await pass(120, () => made[0]!.fetched());
    expect([server.asked, made.length]).toEqual([0, 1]);
  });

  it('asks four times a minute, and lets be, a worker that nobody rings for', async () => {
    const { server, made, pass } = start();
    await pass(60);
    expect([server.asked, made.length]).toEqual([4, 1]);
  });

  it('lets a worker be whose hands are full', async () => {
    const { server, made, pass } = start(2);
    server.waiting = 3;
    void made[0]!.handle({} as Job);
    void made[0]!.handle({} as Job);
    await pass(120);
    expect([server.asked, made.length]).toEqual([0, 1]);
  });

  it('lets all be while the server is away, and for a while after', async () => {
    const { server, made, pass } = start();
    server.away = true;
    server.waiting = 3;
    await pass(600);
    server.away = false;
    await pass(10);
    expect([server.asked, made.length]).toEqual([0, 1]);
  });

  it('draws no conclusion from one look, nor from a server that does not say', async () => {
    const { server, made, pass } = start();
    server.waiting = 3;
    await pass(15);
    server.waiting = -1;
    await pass(120);
    expect(made).toHaveLength(1);
    // A process that stood still for an hour looks before its worker has had a chance.
    server.waiting = 3;
    jest.advanceTimersByTime(3_600_000);
    await pass(5);
    made[0]!.fetched();
    await pass(5);
    expect(made).toHaveLength(1);
  });
});
