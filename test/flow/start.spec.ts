import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, waitFor } from '#testing/services';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from './client.ts';
import { startProcess, type AppProcess } from './fleet.ts';
import { untilSettled } from './story.ts';

/** What curl would send; a bare machine has none. */
function requestOf(command: string): Request {
  const headers = [...command.matchAll(/-H ["']([^:]+): ([^"']+)["']/g)].map((found): [string, string] => [
    found[1]!,
    found[2]!,
  ]);
  const body = /-d '([^']+)'/.exec(command)?.[1];
  return new Request(/^\S+/.exec(command)![0], { headers, ...(body === undefined ? {} : { method: 'POST', body }) });
}

describe('the all-in-one process on its own database', () => {
  let home: string;
  let dataDir: string;
  const running: AppProcess[] = [];

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'vestnik-start-'));
    // Whoever runs the database must be able to enter; a folder that only root can enter is tried elsewhere.
    await chmod(home, 0o755);
    dataDir = join(home, 'data');
  });

  afterAll(async () => {
    await Promise.all(running.map((found) => found.end('SIGTERM')));
    await rm(home, { recursive: true, force: true });
  });

  async function start(env: NodeJS.ProcessEnv = {}): Promise<AppProcess> {
    const found = await startProcess('standalone', { DATA_DIR: dataDir, SEED_DEMO: 'true', HOST: '127.0.0.1', ...env });
    running.push(found);
    await waitFor(() => found.output().includes('Ctrl-C stops it'), { what: 'the welcome' });
    return found;
  }

  function client(app: AppProcess): Client {
    return new Client(app.url, readFileSync(join(dataDir, 'admin-api-key'), 'utf8').trim());
  }

  function postmasterPid(): number {
    return Number(readFileSync(join(realpathSync(join(dataDir, 'postgres')), 'postmaster.pid'), 'utf8').split('\n')[0]);
  }

  function isAlive(pid: number): boolean {
    // A process that has ended but was not yet collected is a zombie: gone, for all that matters.
    return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  }

  it('shows a newcomer requests that work as they are pasted, and the message in the inbox', async () => {
    const app = await start();
    const [send, read] = app.output().split('curl -s ').slice(1).map(requestOf) as [Request, Request];
    const accepted = (await (await fetch(send)).json()) as { id: string; status: string };
    expect(accepted).toMatchObject({ id: expect.stringMatching(/^evt_/), status: 'accepted' });
    const story = await untilSettled(client(app), accepted.id);
    expect(story).toMatchObject({
      rules: ['stock-low'],
      deliveries: [{ recipient: 'anna', attemptLog: [{ number: 1 }] }],
    });
    const inbox = (await (await fetch(read)).json()) as { unread: number; items: { title: string }[] };
    expect(inbox).toMatchObject({ unread: 1, items: [{ title: 'Мало на складе: Паллета EUR' }] });
    expect((await stat(join(dataDir, 'admin-api-key'))).mode & 0o777).toBe(0o600);
  });

  it('takes its database with it on Ctrl-C, and finds the data again at the next start, without showing the key again', async () => {
    const [app] = running as [AppProcess];
    const database = postmasterPid();
    expect(await app.end('SIGINT')).toBe(0);
    expect(isAlive(database)).toBe(false);
    const next = await start();
    const { items } = await client(next).get<{ items: unknown[] }>('/v1/inbox/anna');
    expect(items).toHaveLength(1);
    expect(next.output()).not.toContain(client(next).key);
  });

  it('goes on with the database that a killed start left running', async () => {
    const app = running.at(-1)!;
    const database = postmasterPid();
    await app.end('SIGKILL');
    expect(isAlive(database)).toBe(true);
    const next = await start();
    expect(next.output()).toContain(`pid ${database}`);
    expect((await client(next).get<{ items: unknown[] }>('/v1/inbox/anna')).items).toHaveLength(1);
    expect(await next.end('SIGTERM')).toBe(0);
    expect(isAlive(database)).toBe(false);
  });

  it('says in one line that the port is taken', async () => {
    const port = await freePort();
    const holder = createServer().listen(port, '127.0.0.1');
    const failure = await start({ PORT: String(port) }).catch((error: Error) => error.message);
    holder.close();
    expect(failure).toMatch(/ended with 1:\s+Port \d+ on 127\.0\.0\.1 is taken by another program\.\n.*PORT=/);
    expect(failure).not.toMatch(/\n\s+at /);
  });

  it('lists every fault of the configuration at once, without showing a value', async () => {
    const failure = await start({ PORT: 'eighty', LOG_LEVEL: 'loud', SECRET_KEY: 'short' }).catch(
      (error: Error) => error.message,
    );
    expect(failure).toContain('ended with 78');
    for (const key of ['PORT', 'LOG_LEVEL', 'SECRET_KEY']) expect(failure).toContain(key);
    expect(failure).not.toContain('short.');
    expect(failure).not.toContain('eighty');
  });
});
