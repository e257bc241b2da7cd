/** A process with something of everything in it, and secrets that can be told from anything else. */
import { allAdapters } from '#backends/registry';
import { secretsOf } from '#backends/kit';
import { simulators, type RunningSimulator } from '#testing/simulators';
import { startFleet, type Fleet } from '../flow/fleet.ts';
import type { Operation } from './operations.ts';
import { operationsOf } from './operations.ts';
import type { Pools } from './requests.ts';

const secretKey = 'Zq7-secret-key-of-the-fuzz-run-8813';

/** What is to be fuzzed. */
export interface World {
  fleet: Fleet;
  port: number;
  operations: Operation[];
  pools: Pools;
  secrets: string[];
  close(): Promise<void>;
}

/** Starts the all-in-one process and fills it. */
export async function openWorld(): Promise<World> {
  const backends = await Promise.all(simulators.map((simulator) => simulator.start()));
  const fleet = await startFleet(
    { name: 'fuzz', queues: 'redis', apps: { standalone: 1 } },
    { SECRET_KEY: secretKey, LOG_LEVEL: 'debug' },
  );
  const close = async () => {
    await fleet.stop();
    await Promise.all(backends.map((backend) => backend.stop()));
  };
  try {
    const secrets = [fleet.admin.key, secretKey, ...(await fill(fleet, backends))];
    const { body: document } = await fleet.admin.call<Record<string, unknown>>('GET', '/openapi.json');
    const port = Number(new URL(fleet.admin.url).port);
    return { fleet, port, operations: operationsOf(document), pools: await poolsOf(fleet), secrets, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One backend of each type, somebody on all of them, a rule that tells them; answers the secrets of the backends. */
async function fill({ admin }: Fleet, running: readonly RunningSimulator[]): Promise<string[]> {
  const secrets: string[] = [];
  const addresses: object[] = [];
  for (const [index, simulator] of simulators.entries()) {
    const { manifest } = allAdapters().find((adapter) => adapter.manifest.type === simulator.type)!;
    const settings = running[index]!.settings();
    await admin.put(`/v1/backends/kept-${simulator.type}`, { type: simulator.type, settings });
    secrets.push(...secretsOf(manifest, settings).filter((secret) => secret.length >= 8));
    const { to, toKind } = running[index]!.address;
    if (toKind === 'person') addresses.push({ backend: `kept-${simulator.type}`, to });
  }
  await admin.put('/v1/backends/inbox', { type: 'inbox', settings: {} });
  await admin.put('/v1/recipients/anna', { displayName: 'Anna', addresses, groups: ['storekeepers'] });
  await admin.put('/v1/templates/stock-low', { text: 'Only {{ data.qty }} left.' });
  await admin.put('/v1/rules/kept', { match: { type: ['fuzz'] }, notify: [{ to: ['recipient:anna'] }] });
  return secrets;
}

/** Sends an event and collects what can be asked for now. */
async function poolsOf({ admin, ingest }: Fleet): Promise<Pools> {
  const ids = await Promise.all(Array.from({ length: 3 }, () => ingest.send({ type: 'fuzz', data: { qty: 3 } })));
  const cursors = await Promise.all(
    ['events', 'rules', 'backends'].map(async (list) => {
      const { next } = await admin.get<{ next?: string }>(`/v1/${list}?limit=1`);
      return next ?? 'none';
    }),
  );
  const slugs = ['anna', 'stock-low', 'storekeepers', 'kept', 'fuzz-1', 'fuzz-2'];
  const backends = allAdapters().map(({ manifest }) => `kept-${manifest.type}`);
  const values = { id: ids, slug: [...slugs, ...backends], owner: ['anna', 'nobody'], name: ['fuzz-1', 'fuzz-2'] };
  return { key: admin.key, values, cursors };
}
