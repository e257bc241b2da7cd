/** The doorbells behave alike on both of their servers. */
import type { Logger } from '#platform/log';
import { renderMetrics } from '#platform/metrics';
import { freePort, testDatabaseUrl, waitFor } from '#testing/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { openQueues, type ConsumeOptions, type QueueHome, type Queues } from './index.ts';
import { homes, ids, serverOf } from './spec-homes.ts';
import { listeningLog } from './spec-log.ts';

// First, because BullMQ leaves timers of five seconds behind when it never saw its server.
describe.each([
  ['Redis', (port: number) => ({ redisUrl: `redis://127.0.0.1:${port}`, databaseUrl: testDatabaseUrl() })],
  ['PostgreSQL', (port: number) => ({ redisUrl: undefined, databaseUrl: `postgresql://me@127.0.0.1:${port}/none` })],
])('while %s is away', (_name, homeAt) => {
  const opened: Queues[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((queues) => queues.close()));
  });

  async function start(log: Logger): Promise<Queues> {
    const queues = openQueues({ ...homeAt(await freePort()), prefix: 'gone' }, log);
    opened.push(queues);
    return queues;
  }

  const failedRings = async (queue: string) => {
    const { text } = await renderMetrics();
    return Number(new RegExp(`vestnik_queue_rings_failed_total\\{queue="${queue}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
  };

  it('that is told in one line, and rings are counted and never thrown', async () => {
    const { log, lines, details } = listeningLog();
    const queues = await start(log);
    const before = { route: await failedRings('route'), deliver: await failedRings('deliver') };
    await queues.ringRoute(ids(1));
    await waitFor(() => queues.isAway(), { what: 'that it is known to be away' });
    await queues.ringDeliver('inbox', ids(201));
    expect(await failedRings('route')).toBe(before.route + 1);
    expect(await failedRings('deliver')).toBe(before.deliver + 1);
    expect(details.filter(({ event }) => event === 'queue.ring_failed').map(({ fields }) => fields)).toMatchObject([
      { queue: 'route', jobs: 1 },
      { queue: 'deliver.inbox', jobs: 2 },
    ]);
    await expect(queues.ping()).rejects.toThrow();
    await expect(queues.waiting('route')).rejects.toThrow('away');
    expect(queues.health()).toEqual({ away: true, workers: [] });
    expect(lines).toEqual([{ event: 'queue.away', fields: { reason: expect.stringMatching(/ECONNREFUSED/) } }]);
  });

  it('consumers may start, and stop at once', async () => {
    const { log, lines } = listeningLog();
    const queues = await start(log);
    const consumer = await queues.consumeRoute(async () => undefined, { concurrency: 2 });
    await queues.ringRoute(ids(1));
    await waitFor(() => queues.isAway(), { what: 'that it is known to be away' });
    const startedAt = Date.now();
    await consumer.close();
    expect(Date.now() - startedAt).toBeLessThan(2500);
    expect(lines.map(({ event }) => event)).toEqual(['queue.away']);
  });

  it('a ring does not take longer and longer', async () => {
    const queues = await start(listeningLog().log);
    const tookMs: number[] = [];
    for (let ring = 1; ring <= 4; ring += 1) {
      const startedAt = Date.now();
      await queues.ringRoute(ids(1));
      tookMs.push(Date.now() - startedAt);
    }
    expect(Math.max(...tookMs)).toBeLessThan(2000);
  });
});

const sorted = (list: readonly string[]) => [...list].sort();

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
  function start(): Queues {
    const queues = openQueues(home, log);
    opened.push(queues);
    lines.length = 0;
    backend = `b-${randomUUID().slice(0, 8)}`;
    return queues;
  }

  /** Rings as another version of this program would. */
  async function ringRaw(name: string, data: object): Promise<void> {
    const server = serverOf(home);
    const queue = server.queue(name);
    await queue.add(name, data);
    await queue.close();
    await server.close();
  }

  /** Jobs that the server keeps in any state. */
  async function leftOver(name: string): Promise<number> {
    const server = serverOf(home);
    const queue = server.queue(name);
    const counts = await queue.getJobCounts();
    await queue.close();
    await server.close();
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  }

  async function consume(queues: Queues, options: ConsumeOptions = { concurrency: 4 }): Promise<string[][]> {
    const heard: string[][] = [];
    await queues.consumeDeliver(backend, async (list) => void heard.push(list), options);
    return heard;
  }

  it('carry a ring to one consumer, once, and keep nothing of it', async () => {
    const [one, two] = [start(), start()];
    const [heardByOne, heardByTwo] = [await consume(one), await consume(two)];
    const rung = ids(40);
    for (const id of rung) await one.ringDeliver(backend, [id]);
    await waitFor(() => heardByOne.length + heardByTwo.length >= rung.length, { what: 'all rings' });
    await waitFor(async () => (await leftOver(`deliver.${backend}`)) === 0, { what: 'an empty queue' });
    expect(sorted([...heardByOne, ...heardByTwo].flat())).toEqual(sorted(rung));
  });

  it('wait for a consumer that comes later', async () => {
    const queues = start();
    const rung = ids(3);
    await queues.ringDeliver(backend, rung);
    const heard = await consume(queues);
    await waitFor(() => heard.length > 0, { what: 'the ring' });
    expect(heard).toEqual([rung]);
  });

  it('keep the backends apart, and events from deliveries', async () => {
    const queues = start();
    const routed: string[][] = [];
    const heard = await consume(queues);
    await queues.consumeRoute(async (list) => void routed.push(list), { concurrency: 1 });
    const [mine, theirs, events] = [ids(1), ids(1), ids(2)];
    await queues.ringDeliver(`${backend}-other`, theirs);
    await queues.ringRoute(events);
    await queues.ringDeliver(backend, mine);
    await waitFor(() => heard.length > 0 && routed.length > 0, { what: 'both rings' });
    expect({ heard, routed }).toEqual({ heard: [mine], routed: [events] });
    expect(await leftOver(`deliver.${backend}-other`)).toBe(1);
  });

  it('share many ids out to jobs of two hundred, or of as many as they are told', async () => {
    const queues = start();
    const rung = ids(450);
    await queues.ringDeliver(backend, rung);
    const heard = await consume(queues, { concurrency: 1 });
    await waitFor(() => heard.flat().length >= rung.length, { what: 'all ids' });
    expect(heard).toEqual([rung.slice(0, 200), rung.slice(200, 400), rung.slice(400)]);
    await queues.ringDeliver(backend, rung.slice(0, 5), { perJob: 2 });
    await waitFor(() => heard.flat().length >= rung.length + 5, { what: 'five more' });
    expect(heard.slice(3).map((list) => list.length)).toEqual([2, 2, 1]);
  });

  it('ring for nothing when there are no ids', async () => {
    const queues = start();
    await queues.ringDeliver(backend, []);
    await queues.ringRoute([]);
    expect(await leftOver(`deliver.${backend}`)).toBe(0);
    expect(lines).toEqual([]);
  });

  it('hold a ring back for the time that it names', async () => {
    const queues = start();
    const heard: { ids: string[]; at: number }[] = [];
    const handler = async (list: string[]) => void heard.push({ ids: list, at: Date.now() });
    await queues.consumeDeliver(backend, handler, { concurrency: 4 });
    const [late, soon] = [ids(1), ids(1)];
    const rungAt = Date.now();
    await queues.ringDeliver(backend, late, { delayMs: 600.4 });
    await queues.ringDeliver(backend, soon);
    await waitFor(() => heard.length === 2, { what: 'both rings' });
    expect(heard.map((one) => one.ids)).toEqual([soon, late]);
    expect(heard[1]!.at - rungAt).toBeGreaterThanOrEqual(600);
  });

  it('keep the rate of a backend over all of its consumers', async () => {
    const [one, two] = [start(), start()];
    const times: number[] = [];
    const handler = async () => void times.push(Date.now());
    const options = { concurrency: 8, rate: { max: 3, perMs: 500 } };
    await one.consumeDeliver(backend, handler, options);
    await two.consumeDeliver(backend, handler, options);
    await one.ringDeliver(backend, ids(9), { perJob: 1 });
    await waitFor(() => times.length === 9, { what: 'nine jobs' });
    times.sort((a, b) => a - b);
    // Windows are fixed, so up to twice the number may fall together; nine need three windows, thus two full waits.
    expect(times[8]! - times[0]!).toBeGreaterThanOrEqual(500);
    const busiest = times.map((at) => times.filter((other) => other >= at && other < at + 400).length);
    expect(Math.max(...busiest)).toBeLessThanOrEqual(6);
  });

  it('go on after a handler that throws, log it, and do not bring its job again', async () => {
    const queues = start();
    const heard: string[] = [];
    const bad = randomUUID();
    const handler = async ([id]: string[]) => {
      heard.push(id!);
      if (id === bad) throw new Error('no luck');
    };
    await queues.consumeDeliver(backend, handler, { concurrency: 1 });
    const good = randomUUID();
    await queues.ringDeliver(backend, [bad]);
    await queues.ringDeliver(backend, [good]);
    await waitFor(() => heard.includes(good), { what: 'the job after' });
    await waitFor(async () => (await leftOver(`deliver.${backend}`)) === 0, { what: 'an empty queue' });
    expect(heard).toEqual([bad, good]);
    expect(lines).toEqual([
      {
        event: 'queue.job_failed',
        fields: {
          error: expect.objectContaining({ message: 'no luck' }),
          queue: `deliver.${backend}`,
          job: { v: 1, deliveryIds: [bad] },
        },
      },
    ]);
  });

  it('leave a job of an unknown version to the sweep, and say so', async () => {
    const queues = start();
    const heard = await consume(queues, { concurrency: 1 });
    const known = ids(1);
    await ringRaw(`deliver.${backend}`, { v: 2, deliveries: ids(1) });
    await ringRaw(`deliver.${backend}`, { v: 1, deliveryIds: known });
    await waitFor(() => heard.length > 0, { what: 'the known job' });
    await waitFor(async () => (await leftOver(`deliver.${backend}`)) === 0, { what: 'an empty queue' });
    expect(heard).toEqual([known]);
    expect(lines.map(({ event }) => event)).toEqual(['queue.job_unknown']);
    expect(lines[0]!.fields).toMatchObject({ queue: `deliver.${backend}`, job: { v: 2 } });
  });

  it.each(['the consumer', 'the queues'])('close no sooner than the handlers of %s are done', async (what) => {
    const queues = start();
    let begun = 0;
    let done = 0;
    let release = () => undefined as void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const handler = async () => {
      begun += 1;
      await gate;
      done += 1;
    };
    const consumer = await queues.consumeDeliver(backend, handler, { concurrency: 2 });
    await queues.ringDeliver(backend, ids(3), { perJob: 1 });
    await waitFor(() => begun === 2, { what: 'two handlers under way' });
    const closing = (what === 'the consumer' ? consumer : queues).close().then(() => done);
    release();
    expect(await closing).toBe(2);
    expect(begun).toBe(2);
    if (what === 'the consumer') expect(await leftOver(`deliver.${backend}`)).toBe(1);
    else opened.splice(opened.indexOf(queues), 1);
  });

  it('answer a ping', async () => {
    await expect(start().ping()).resolves.toBeUndefined();
  });
});
