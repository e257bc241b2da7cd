/** Redis behind Sentinels, and as a Cluster: real servers, and the loss of one of them. */
import { waitFor } from '#testing/services';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { openQueues, type Queues } from './index.ts';
import { listeningLog } from './spec-log.ts';
import { OwnRedises, type OwnRedis } from './spec-redis.ts';

const redises = new OwnRedises();
const opened: Queues[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((queues) => queues.close()));
});
afterAll(() => redises.close());

/** Queues with both kinds of consumers on what a URL names. */
async function start(redisUrl: string) {
  const { log, lines } = listeningLog();
  const queues = openQueues({ redisUrl, databaseUrl: '', prefix: 'forms' }, log);
  opened.push(queues);
  const heard = new Set<string>();
  const listen = async (list: string[]) => list.forEach((id) => heard.add(id));
  await queues.consumeRoute(listen, { concurrency: 4 });
  await queues.consumeDeliver('inbox', listen, { concurrency: 8 });
  /** Rings until both consumers hear of it. */
  const bothHear = async () => {
    for (const ring of [(id: string) => queues.ringRoute([id]), (id: string) => queues.ringDeliver('inbox', [id])]) {
      const rung: string[] = [];
      const isHeard = async () => {
        rung.push(randomUUID());
        await ring(rung.at(-1)!);
        return rung.some((id) => heard.has(id));
      };
      // A worker leaves a master that hangs after 15 s of silence.
      await waitFor(isHeard, { what: 'a ring to be heard', pollMs: 50, timeoutMs: 25_000 });
    }
  };
  return { queues, lines, bothHear };
}

const roleOf = async (redis: OwnRedis) => ((await redis.send('ROLE')) as unknown[])[0];

describe('queues behind Sentinels', () => {
  it.each(['is killed', 'stands still'])(
    'go on with the new master when the old one %s',
    async (how) => {
      const master = await redises.start();
      const replica = await redises.start(['--replicaof', '127.0.0.1', String(master.port)]);
      const sentinel = await redises.sentinel(master.port);
      await waitFor(async () => String(await master.send('ROLE')).includes(String(replica.port)), {
        what: 'a replica',
      });
      const seen = async () => String(await redises.send(sentinel, ['SENTINEL', 'REPLICAS', 'mymaster']));
      await waitFor(async () => (await seen()).includes(String(replica.port)), {
        what: 'a Sentinel that knows',
        timeoutMs: 15_000,
      });
      const { queues, bothHear } = await start(`redis+sentinel://127.0.0.1:${sentinel}/mymaster`);
      await bothHear();
      if (how === 'is killed') await master.kill();
      else master.signal('SIGSTOP');
      await waitFor(async () => (await roleOf(replica)) === 'master', { what: 'the failover', timeoutMs: 20_000 });
      await waitFor(() => !queues.isAway(), { what: 'the new master', timeoutMs: 30_000 });
      await bothHear();
      expect(queues.health().workers.map(({ stuck }) => stuck)).toEqual([false, false]);
    },
    90_000,
  );
});

describe('queues on a Cluster', () => {
  it('go on after the node that holds them was away and came back empty', async () => {
    const nodes = await clusterOfThree();
    const urls = nodes.slice(0, 2).map(({ port }) => `127.0.0.1:${port}`);
    const { queues, lines, bothHear } = await start(`redis+cluster://${urls.join(',')}`);
    await bothHear();
    const keys = await Promise.all(nodes.map(async (node) => (await node.send('KEYS', '*')) as string[]));
    // All on one node, for the scripts of a queue must find all its keys together.
    expect(keys.filter((list) => list.length > 0)).toHaveLength(1);
    expect(keys.flat().every((key) => key.startsWith('{forms}:'))).toBe(true);
    const home = nodes[keys.findIndex((list) => list.length > 0)]!;
    await home.kill();
    await queues.ringRoute([randomUUID()]);
    await waitFor(() => queues.isAway(), { what: 'that it is known to be away' });
    await home.start();
    await waitFor(() => !queues.isAway(), { what: 'that it is known to be back' });
    await bothHear();
    expect(lines.map(({ event }) => event)).toEqual(['queue.away', 'queue.back']);
  }, 60_000);
});

async function clusterOfThree(): Promise<OwnRedis[]> {
  const settings = () => ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'];
  const file = () => ['--cluster-config-file', `nodes-${randomUUID()}.conf`];
  const nodes = await Promise.all([1, 2, 3].map(() => redises.start([...settings(), ...file()])));
  const bounds = [0, 5461, 10_922, 16_384];
  for (const [index, node] of nodes.entries()) {
    await node.send('CLUSTER', 'ADDSLOTSRANGE', String(bounds[index]), String(bounds[index + 1]! - 1));
    if (index > 0) await nodes[0]!.send('CLUSTER', 'MEET', '127.0.0.1', String(node.port));
  }
  const isWhole = async (node: OwnRedis) => {
    const told = String(await node.send('CLUSTER', 'INFO'));
    return told.includes('cluster_state:ok') && told.includes('cluster_known_nodes:3');
  };
  const whole = async () => (await Promise.all(nodes.map(isWhole))).every(Boolean);
  await waitFor(whole, { what: 'a whole cluster', timeoutMs: 20_000 });
  return nodes;
}
