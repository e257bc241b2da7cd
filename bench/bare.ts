/**
 * The yardstick: the same libraries wired by hand, with no rules, no templates, no history and no retries. Fastify → batched
 * INSERT → BullMQ on Redis → batched INSERT of deliveries → one job each → undici → batched UPDATE, in one process.
 */
import { Queue, Worker } from 'bullmq';
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import pg from 'pg';
import { Pool } from 'undici';
import { uuidv7 } from 'uuidv7';

interface Item {
  id: string;
  data: unknown;
}

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10 });
const producing = new Redis(process.env['REDIS_URL']!, { maxRetriesPerRequest: 1 });
const consuming = new Redis(process.env['REDIS_URL']!, { maxRetriesPerRequest: null });
const sink = new Pool(process.env['SINK_URL']!, { connections: 64 });
const options = { removeOnComplete: true, removeOnFail: true };
const route = new Queue('bare-route', { connection: producing });
const deliver = new Queue('bare-deliver', { connection: producing });

await pool.query(`CREATE TABLE IF NOT EXISTS bare_event (id uuid PRIMARY KEY, data jsonb NOT NULL);
  CREATE TABLE IF NOT EXISTS bare_delivery (id uuid PRIMARY KEY, event_id uuid NOT NULL, state text NOT NULL)`);

/** Gathers items for up to 3 ms or 500, then runs them as one. */
function gather<T>(run: (items: T[]) => Promise<void>): (item: T) => Promise<void> {
  let waiting: { item: T; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const leave = () => {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting;
    waiting = [];
    run(batch.map(({ item }) => item)).then(
      () => batch.forEach(({ resolve }) => resolve()),
      (error: unknown) => batch.forEach(({ reject }) => reject(error)),
    );
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      timer ??= setTimeout(leave, 3);
      if (waiting.length >= 500) leave();
    });
}

const store = gather<Item>(async (items) => {
  await pool.query('INSERT INTO bare_event (id, data) SELECT * FROM unnest($1::uuid[], $2::jsonb[])', [
    items.map(({ id }) => id),
    items.map(({ data }) => JSON.stringify(data)),
  ]);
  await route.add('route', { ids: items.map(({ id }) => id) }, options);
});

const done = gather<string>(async (ids) => {
  await pool.query(`UPDATE bare_delivery SET state = 'delivered' WHERE id = ANY($1::uuid[])`, [ids]);
});

const app = Fastify({ bodyLimit: 16 * 1024 * 1024 });
app.post<{ Body: { data: unknown } | { data: unknown }[] }>('/v1/events', async (request, reply) => {
  const items = (Array.isArray(request.body) ? request.body : [request.body]).map(({ data }) => ({
    id: uuidv7(),
    data,
  }));
  await Promise.all(items.map(store));
  return reply.code(202).send({ ids: items.map(({ id }) => id) });
});

new Worker<{ ids: string[] }>(
  'bare-route',
  async ({ data: { ids } }) => {
    const deliveries = ids.map((eventId) => ({ id: uuidv7(), eventId }));
    await pool.query(
      `INSERT INTO bare_delivery (id, event_id, state) SELECT id, event_id, 'pending' FROM unnest($1::uuid[], $2::uuid[]) AS t(id, event_id)`,
      [deliveries.map(({ id }) => id), ids],
    );
    const { rows } = await pool.query<Item>('SELECT id, data FROM bare_event WHERE id = ANY($1::uuid[])', [ids]);
    const dataOf = new Map(rows.map(({ id, data }) => [id, data]));
    await deliver.addBulk(
      deliveries.map(({ id, eventId }) => ({
        name: 'deliver',
        data: { id, data: dataOf.get(eventId) },
        opts: options,
      })),
    );
  },
  { connection: consuming, concurrency: 4 },
);

new Worker<Item>(
  'bare-deliver',
  async ({ data: { id, data } }) => {
    const answer = await sink.request({
      path: '/hook',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ deliveryId: id, data }),
    });
    await answer.body.dump();
    if (answer.statusCode >= 300) throw new Error(`sink answered ${answer.statusCode}`);
    await done(id);
  },
  { connection: consuming, concurrency: 50 },
);

await app.listen({ port: 0, host: '127.0.0.1' });
const { port } = app.server.address() as { port: number };
process.stdout.write(`{"url":"http://127.0.0.1:${port}","msg":"app.listening"}\n`);
