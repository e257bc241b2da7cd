/** Workers that hang and processes that die, on both servers. */
import { renderMetrics } from '#platform/metrics';
import { waitFor } from '#testing/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createQueues } from './bullmq.ts';
import { openQueues, type QueueHome, type Queues } from './index.ts';
import type { QueueServer } from './servers.ts';
import { homes, ids, serverOf } from './spec-homes.ts';
import { listeningLog } from './spec-log.ts';

describe.each(homes)('queues on %s', (_name, open) => {
  const { log, lines } = listeningLog();
  const opened: { close(): Promise<void> }[] = [];
  let home: QueueHome;
  let drop: () => Promise<void>;
  let backend = '';

  beforeAll(async () => {
    ({ home, drop } = await open());
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
  });
  afterAll(() => drop());

  /** The queues of a further process; each test has a backend, and so a queue, of its own. */
  function start(queues: Queues = openQueues(home, log)): Queues {
    opened.push(queues);
    lines.length = 0;
    backend = `b-${randomUUID().slice(0, 8)}`;
    return queues;
  }

  it('say how many jobs wait or are under way, without those that are held back', async () => {
    const queues = start();
    await queues.ringDeliver(backend, ids(3), { perJob: 1 });
    await queues.ringDeliver(backend, ids(2), { perJob: 1, delayMs: 60_000 });
    expect(await queues.waiting({ backend })).toBe(3);
    expect(await queues.waiting({ backend: `${backend}-other` })).toBe(0);
    let release = () => undefined as void;
    let begun = 0;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const handler = () => {
      begun += 1;
      return gate;
    };
    await queues.consumeDeliver(backend, handler, { concurrency: 1 });
    await waitFor(() => begun === 1, { what: 'a job under way' });
    expect(await queues.waiting({ backend })).toBe(3);
    const before = await queues.waiting('route');
    await queues.ringRoute(ids(1));
    expect(await queues.waiting('route')).toBe(before + 1);
    release();
    await waitFor(async () => (await queues.waiting({ backend })) === 0, { what: 'an empty queue' });
  });

  it('tell how their workers fare, here and in the metrics, for as long as these work', async () => {
    const queues = start();
    const queue = `deliver.${backend}`;
    const consumer = await queues.consumeDeliver(backend, async () => undefined, { concurrency: 1 });
    await waitFor(() => queues.health().workers[0]!.idleMs < 500, { what: 'a first look into the queue' });
    expect(queues.health()).toEqual({ away: false, workers: [{ queue, idleMs: expect.any(Number), stuck: false }] });
    const gauges = async () => (await renderMetrics()).text.split('\n').filter((line) => line.includes(`"${queue}"`));
    expect(await gauges()).toEqual([
      expect.stringMatching(/^vestnik_queue_worker_idle_seconds\{.*\} \d+(\.\d+)?$/),
      `vestnik_queue_waiting_jobs{queue="${queue}"} 0`,
    ]);
    await consumer.close();
    expect(queues.health().workers).toEqual([]);
    expect(await gauges()).toEqual([]);
  });

  it('make a worker anew that fetches no more, and wait on closing for what the old one has under way', async () => {
    const server = serverOf(home);
    let hang = () => undefined as void;
    const worker: QueueServer['worker'] = (...parts) => {
      const one = server.worker(...parts);
      const never = () => new Promise<never>(() => undefined);
      hang = () => void Object.assign(one.worker.getBackend(), { moveToActive: never, waitForJob: never });
      return one;
    };
    const queues = start(createQueues({ ...server, worker }, log, { lookEveryMs: 50, quietMs: 200 }));
    let release = () => undefined as void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const heard: string[] = [];
    const slow = randomUUID();
    let isUnderWay = false;
    const handler = async ([id]: string[]) => {
      if (id === slow) {
        isUnderWay = true;
        await gate;
      }
      heard.push(id!);
    };
    await queues.consumeDeliver(backend, handler, { concurrency: 2 });
    await queues.ringDeliver(backend, [slow]);
    await waitFor(() => isUnderWay, { what: 'the slow job under way' });
    hang();
    const next = randomUUID();
    await queues.ringDeliver(backend, [next]);
    await waitFor(() => heard.includes(next), { what: 'the job that the new worker took' });
    const queue = `deliver.${backend}`;
    expect(lines.filter(({ event }) => event === 'queue.worker_rebuilt')).toMatchObject([
      { fields: { queue, waiting: 1, idleMs: expect.any(Number) } },
    ]);
    expect((await renderMetrics()).text).toContain(`vestnik_queue_workers_rebuilt_total{queue="${queue}"} 1`);
    const closing = queues.close().then(() => heard);
    release();
    expect(await closing).toEqual([next, slow]);
  });

  it('bring a job of a process that died once more, and drop it when it dies of it again', async () => {
    const locks = { lockMs: 400, checkMs: 200 };
    const queues = start(createQueues(serverOf(home, locks), log));
    const name = `deliver.${backend}`;
    const die = async () => {
      const server = serverOf(home, locks);
      const handle = () => new Promise<never>(() => undefined);
      const open = server.worker(name, { handle, options: { concurrency: 1 }, fetched: () => undefined });
      open.worker.on('error', () => undefined);
      const taken = new Promise((resolve) => open.worker.once('active', resolve));
      await taken;
      await open.discard();
      await server.close();
    };
    await queues.ringDeliver(backend, ids(1));
    await die();
    expect(await queues.waiting({ backend })).toBe(1);
    await die();
    const heard: string[][] = [];
    await queues.consumeDeliver(backend, async (list) => void heard.push(list), { concurrency: 1 });
    await waitFor(async () => (await queues.waiting({ backend })) === 0, { what: 'an empty queue' });
    expect(heard).toEqual([]);
    // Redis tells of it, PostgreSQL drops it without a word.
    expect(lines.filter(({ event }) => event !== 'queue.job_stalled')).toEqual([]);
  });
});
