/** The server behind the queues fails in all ways that we could think of; afterwards rings are heard again. */
import { freshDatabase, waitFor, type FreshDatabase } from '#testing/services';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { openQueues, type QueueHome, type Queues } from './index.ts';
import { listeningLog, type Line } from './spec-log.ts';
import { OwnRedises, type OwnRedis } from './spec-redis.ts';
import { openRelay, type Relay } from './spec-relay.ts';

interface Rig {
  queues: Queues;
  heard: Set<string>;
  lines: Line[];
}

const rigs: Rig[] = [];

/** Queues with both kinds of consumers, which have heard a first ring each. */
async function rigOn(home: Omit<QueueHome, 'prefix'>): Promise<Rig> {
  const { log, lines } = listeningLog();
  const queues = openQueues({ ...home, prefix: 'fault' }, log);
  const heard = new Set<string>();
  const listen = async (list: string[]) => list.forEach((id) => heard.add(id));
  await queues.consumeRoute(listen, { concurrency: 4 });
  await queues.consumeDeliver('inbox', listen, { concurrency: 8 });
  const rig = { queues, heard, lines };
  rigs.push(rig);
  await bothHear(rig);
  return rig;
}

/** Rings until both consumers hear of it. */
async function bothHear({ queues, heard }: Rig): Promise<void> {
  const ways = [(id: string) => queues.ringRoute([id]), (id: string) => queues.ringDeliver('inbox', [id])];
  for (const ring of ways) {
    const rung: string[] = [];
    const isHeard = async () => {
      rung.push(randomUUID());
      await ring(rung.at(-1)!);
      return rung.some((id) => heard.has(id));
    };
    await waitFor(isHeard, { what: 'a ring to be heard', pollMs: 50 });
  }
}

const toldOf = ({ lines }: Rig) => lines.map(({ event }) => event);
const away = ({ queues }: Rig) => waitFor(() => queues.isAway(), { what: 'that the server is known to be away' });
const back = ({ queues }: Rig) => waitFor(() => !queues.isAway(), { what: 'that the server is known to be back' });

const closeAll = async () => {
  await Promise.all(rigs.splice(0).map(({ queues }) => queues.close()));
};

describe('queues on Redis go on', () => {
  const redises = new OwnRedises();
  let redis: OwnRedis;
  let rig: Rig;
  beforeAll(async () => {
    redis = await redises.start();
  });
  beforeEach(async () => {
    rig = await rigOn({ redisUrl: redis.url, databaseUrl: '' });
  });
  afterEach(async () => {
    redis.signal('SIGCONT');
    await closeAll();
  });
  afterAll(() => redises.close());

  it('after it was killed and came back empty, and tell so in two lines', async () => {
    await redis.kill();
    await away(rig);
    await redis.start();
    await back(rig);
    await bothHear(rig);
    expect(rig.lines).toEqual([
      { event: 'queue.away', fields: { reason: expect.any(String) } },
      { event: 'queue.back', fields: { awayMs: expect.any(Number) } },
    ]);
  });

  it('while it is emptied again and again, and then keep nothing of what is gone', async () => {
    for (let time = 1; time <= 20; time += 1) {
      const rung = Array.from({ length: 20 }, () => randomUUID());
      await Promise.all([rig.queues.ringDeliver('inbox', rung, { perJob: 1 }), redis.send('FLUSHALL')]);
    }
    await bothHear(rig);
    await waitFor(async () => (await rig.queues.waiting({ backend: 'inbox' })) === 0, { what: 'an empty queue' });
    expect(toldOf(rig)).toEqual([]);
  });

  it('after it stood still, and drop rings at once while it does', async () => {
    redis.signal('SIGSTOP');
    const firstAt = Date.now();
    await rig.queues.ringRoute([randomUUID()]);
    expect(Date.now() - firstAt).toBeLessThan(3000);
    expect(rig.queues.isAway()).toBe(true);
    const dropped = Array.from({ length: 20_000 }, () => randomUUID());
    const startedAt = Date.now();
    for (const id of dropped) await rig.queues.ringDeliver('inbox', [id]);
    expect(Date.now() - startedAt).toBeLessThan(2000);
    redis.signal('SIGCONT');
    await back(rig);
    await bothHear(rig);
    expect(dropped.filter((id) => rig.heard.has(id))).toEqual([]);
    expect(rig.lines[0]).toEqual({ event: 'queue.away', fields: { reason: 'no answer within 2000 ms' } });
  });

  it('after it cut all connections, without a word', async () => {
    await redis.send('CLIENT', 'KILL', 'TYPE', 'normal');
    await bothHear(rig);
    expect(toldOf(rig)).toEqual([]);
  });

  it('after it paused its clients', async () => {
    await redis.send('CLIENT', 'PAUSE', '3500');
    await rig.queues.ringRoute([randomUUID()]);
    expect(rig.queues.isAway()).toBe(true);
    await back(rig);
    await bothHear(rig);
  });

  it('after it forgot the scripts', async () => {
    await redis.send('SCRIPT', 'FLUSH');
    const many = Array.from({ length: 10 }, () => randomUUID());
    await rig.queues.ringDeliver('inbox', many, { perJob: 1 });
    await waitFor(() => many.every((id) => rig.heard.has(id)), { what: 'all ten' });
    expect(toldOf(rig)).toEqual([]);
  });

  it.each([
    ['a failover made it read-only', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE'], /^READONLY/],
    ['its memory was full', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0'], /^OOM/],
  ])('after %s', async (_what, breaking, mending, reason) => {
    await redis.send(...breaking);
    await rig.queues.ringRoute([randomUUID()]);
    await away(rig);
    await redis.send(...mending);
    await back(rig);
    await bothHear(rig);
    expect(rig.lines[0]).toMatchObject({ fields: { reason: expect.stringMatching(reason) } });
    expect(toldOf(rig)).toEqual(['queue.away', 'queue.back']);
  });

  it('with the server that took over, when only new connections lead there and the old one became read-only', async () => {
    const [old, fresh] = [await redises.start(), await redises.start()];
    const relay = await openRelay(old.url);
    const behind = await rigOn({ redisUrl: relay.url, databaseUrl: '' });
    relay.turnTo(fresh.url);
    await old.send('REPLICAOF', '127.0.0.1', '1');
    await behind.queues.ringRoute([randomUUID()]);
    await bothHear(behind);
    expect(String(await fresh.send('KEYS', '*'))).toContain('fault:');
    await behind.queues.close();
    await relay.close();
  });

  it('to close when it stands still', async () => {
    redis.signal('SIGSTOP');
    const startedAt = Date.now();
    await rig.queues.close();
    expect(Date.now() - startedAt).toBeLessThan(4000);
  });
});

describe('queues on PostgreSQL go on', () => {
  let database: FreshDatabase;
  let relay: Relay;
  let rig: Rig;
  beforeAll(async () => {
    database = await freshDatabase();
    relay = await openRelay(database.url);
  });
  beforeEach(async () => {
    rig = await rigOn({ redisUrl: undefined, databaseUrl: relay.url });
  });
  afterEach(closeAll);
  afterAll(async () => {
    await relay.close();
    await database.drop();
  });

  it('after it cut all connections', async () => {
    relay.cut();
    await bothHear(rig);
    expect(toldOf(rig).filter((event) => event === 'queue.error')).toEqual([]);
  });

  it('after it refused connections for a while, and tell so in two lines', async () => {
    await relay.refuse();
    await rig.queues.ringRoute([randomUUID()]);
    await away(rig);
    await relay.recover();
    await back(rig);
    await bothHear(rig);
    expect(toldOf(rig)).toEqual(['queue.away', 'queue.back']);
  });

  it('after it stood still', async () => {
    relay.hang();
    await rig.queues.ringRoute([randomUUID()]);
    expect(rig.queues.isAway()).toBe(true);
    const startedAt = Date.now();
    await rig.queues.ringRoute([randomUUID()]);
    expect(Date.now() - startedAt).toBeLessThan(100);
    await relay.recover();
    await back(rig);
    await bothHear(rig);
    expect(toldOf(rig)).toEqual(['queue.away', 'queue.back']);
  });
});
