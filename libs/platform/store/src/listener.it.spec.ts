import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '#platform/log';
import { freePort, freshDatabase, waitFor, type FreshDatabase } from '#testing/services';
import { connect, createServer, type Server, type Socket } from 'node:net';
import pg from 'pg';
import { createListener } from './listener.ts';

const log = createLogger('test', 'silent');
let fresh: FreshDatabase;
let mouth: pg.Client;

beforeAll(async () => {
  fresh = await freshDatabase();
  mouth = new pg.Client({ connectionString: fresh.url });
  await mouth.connect();
});
afterAll(async () => {
  await mouth.end();
  await fresh.drop();
});

const say = (channel: string, payload: string) => mouth.query('SELECT pg_notify($1, $2)', [channel, payload]);

async function listenersConnected(): Promise<number> {
  const { rows } = await mouth.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'vestnik listener'`,
  );
  return rows[0]!.count;
}

/** A door to PostgreSQL that can be shut, opened, and made to swallow everything in silence. */
async function createDoor() {
  const { hostname, port } = new URL(fresh.url);
  const sockets = new Set<Socket>();
  let silent = false;
  const serve = (): Server =>
    createServer((inside) => {
      const outside = connect(Number(port), hostname);
      for (const socket of [inside, outside]) {
        sockets.add(socket);
        socket.on('error', () => socket.destroy()).on('close', () => [inside, outside].forEach((end) => end.destroy()));
      }
      inside.on('data', (bytes) => silent || outside.write(bytes));
      outside.on('data', (bytes) => silent || inside.write(bytes));
    });
  const doorPort = await freePort();
  let server = serve();
  const open = () => new Promise<void>((resolve) => (server = serve()).listen(doorPort, '127.0.0.1', resolve));
  const shut = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const url = Object.assign(new URL(fresh.url), { port: String(doorPort), hostname: '127.0.0.1' });
  return { url: url.href, open, shut, setSilent: (on: boolean) => (silent = on), sockets };
}

describe('the listener', () => {
  it('hands each notification to the handlers of its channel', async () => {
    const heard: string[] = [];
    const listener = createListener({ connectionString: fresh.url }, { log });
    listener.on('a', (payload) => heard.push(`a1 ${payload}`));
    listener.on('a', (payload) => heard.push(`a2 ${payload}`));
    listener.on('Weird "name"', (payload) => heard.push(`w ${payload}`));
    await listener.start();
    await say('a', 'x');
    await say('b', 'not for us');
    await say('Weird "name"', 'y');
    await waitFor(() => heard.length === 3, { what: 'three calls' });
    expect(heard).toEqual(['a1 x', 'a2 x', 'w y']);
    await listener.close();
  });

  it('takes a new channel while it runs', async () => {
    const heard: string[] = [];
    const listener = createListener({ connectionString: fresh.url }, { log });
    await listener.start();
    listener.on('late', (payload) => heard.push(payload));
    await waitFor(() => say('late', 'z').then(() => heard.includes('z')), { what: 'the late channel' });
    await listener.close();
  });

  it('goes on when a handler throws', async () => {
    const heard: string[] = [];
    const listener = createListener({ connectionString: fresh.url }, { log });
    listener.on('c', () => {
      throw new Error('no luck');
    });
    listener.on('c', (payload) => heard.push(payload));
    await listener.start();
    await say('c', '1');
    await waitFor(() => heard.length === 1, { what: 'the second handler' });
    await listener.close();
  });

  it('comes back when its connection is cut, and tells every handler that it may have missed something', async () => {
    const heard: string[] = [];
    const listener = createListener({ connectionString: fresh.url }, { log, firstRetryMs: 10 });
    listener.on('d', (payload) => heard.push(payload));
    await listener.start();
    await mouth.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'vestnik listener'`,
    );
    await waitFor(() => heard.length === 1, { what: 'the call after the reconnect' });
    await say('d', 'after');
    await waitFor(() => heard.length === 2, { what: 'a notification on the new connection' });
    expect(heard).toEqual(['', 'after']);
    await listener.close();
  });

  it('waits for a PostgreSQL that is not there yet', async () => {
    const door = await createDoor();
    const listener = createListener({ connectionString: door.url }, { log, firstRetryMs: 10 });
    let up = false;
    const starting = listener.start().then(() => (up = true));
    await new Promise(setImmediate);
    expect(up).toBe(false);
    await door.open();
    await starting;
    expect(await listenersConnected()).toBe(1);
    await listener.close();
    door.shut();
  });

  it('notices a connection that died without a word', async () => {
    const door = await createDoor();
    await door.open();
    const heard: string[] = [];
    const listener = createListener(
      { connectionString: door.url },
      { log, firstRetryMs: 10, pingMs: 20, questionTimeoutMs: 100 },
    );
    listener.on('e', (payload) => heard.push(payload));
    await listener.start();
    door.setSilent(true);
    const [deaf] = [...door.sockets];
    await waitFor(() => deaf!.destroyed, { what: 'the listener to give up on it' });
    door.setSilent(false);
    await waitFor(() => heard.includes(''), { what: 'the call after the reconnect' });
    await listener.close();
    door.shut();
  });

  it('leaves nothing behind when it is closed, connected or not', async () => {
    const never = createListener({ connectionString: fresh.url }, { log });
    await never.close();
    const door = await createDoor();
    const waiting = createListener({ connectionString: door.url }, { log, firstRetryMs: 60_000 });
    const starting = waiting.start();
    await waiting.close();
    await starting;
    await waitFor(async () => (await listenersConnected()) === 0, { what: 'no connection of a listener' });
  });
});
