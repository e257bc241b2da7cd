/** The `main` of an app as its operator meets it: exit codes, and words that help. */
import { freePort, freshDatabase, waitFor, type FreshDatabase } from '#testing/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { envOn } from './spec-config.ts';

interface Run {
  output: string;
  errors: string;
  ended: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
}

const children = new Set<ChildProcess>();

/** Runs a module in a process of its own. */
function run(script: string, env: Record<string, string>): Run {
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--import', '@swc-node/register/esm-register', '--input-type=module', '-e', script],
    {
      cwd: new URL('../../../..', import.meta.url),
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  children.add(child);
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const result: Run = { output: '', errors: '', ended, signal: (name) => void child.kill(name) };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (result.output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (result.errors += text));
  return result;
}

/** Where it serves; loading alone takes seconds on a busy machine. */
const addressOf = (app: Run) =>
  waitFor(() => /"url":"([^"]+)"/.exec(app.output)?.[1], { what: 'the address', timeoutMs: 25_000 });

const main = `
  import { runApp, runtimeEnv } from '#platform/runtime';
  await runApp({ name: 'spec', env: runtimeEnv, modules: [] });`;

/** Ends the process with each error in turn; the exit is noted instead of done. */
const endings = `
  import { endWith } from '#platform/runtime';
  process.exit = (code) => process.stderr.write('<' + code + '>');
  endWith(Object.assign(new Error('It broke.'), { remedy: 'Mend it.' }));
  endWith(Object.assign(new Error('no disk'), { syscall: 'open' }));
  endWith('a text');
  endWith(new TypeError('x is undefined'));`;

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
});
// A test that failed must not leave its process behind.
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(() => fresh.drop());

describe('runApp', () => {
  it('lists every fault of the configuration and ends with 78', async () => {
    const app = run(main, { PORT: 'http', DATABASE_URL: '', RETENTION_DAYS: '0' });
    expect(await app.ended).toBe(78);
    expect(app.errors.trim().split('\n')).toEqual([
      'The configuration does not fit:',
      expect.stringMatching(/^ {2}PORT: /),
      expect.stringMatching(/^ {2}DATABASE_URL: is required/),
      expect.stringMatching(/^ {2}RETENTION_DAYS: /),
    ]);
  });

  it('ends with 1 and one line when PostgreSQL cannot be reached', async () => {
    const app = run(main, envOn(`postgresql://me:pw-4711@127.0.0.1:${await freePort()}/none`));
    expect(await app.ended).toBe(1);
    expect(app.errors).toMatch(/ECONNREFUSED/);
    expect(app.errors).not.toMatch(/\n\s+at |4711/);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('serves until %s, then stops and ends with 0', async (signal) => {
    const app = run(main, envOn(fresh.url));
    expect((await fetch(`${await addressOf(app)}/health/ready`)).status).toBe(200);
    app.signal(signal);
    expect(await app.ended).toBe(0);
    expect(app.output).toMatch(/process\.stopping[^]*process\.stopped/);
    expect(app.errors).toBe('');
  });
});

describe('a notice before the end', () => {
  const started = async (STOP_NOTICE_S: string) => {
    const app = run(main, envOn(fresh.url, { STOP_NOTICE_S }));
    const url = await addressOf(app);
    return { app, url, ready: async () => (await fetch(`${url}/health/ready`)).status };
  };

  it('is given after SIGTERM: not ready any more, and still serving', async () => {
    const { app, url, ready } = await started('4');
    const from = performance.now();
    app.signal('SIGTERM');
    await waitFor(async () => (await ready()) === 503, { what: 'the notice' });
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect(await app.ended).toBe(0);
    expect(performance.now() - from).toBeGreaterThan(3900);
  });

  it('is not given to whoever presses Ctrl-C', async () => {
    const { app, ready } = await started('25');
    expect(await ready()).toBe(200);
    const from = performance.now();
    app.signal('SIGINT');
    expect(await app.ended).toBe(0);
    expect(performance.now() - from).toBeLessThan(20_000);
  });
});

describe('endWith', () => {
  it('says the remedy where there is one, one line for what the system refused, and where it happened for a bug', async () => {
    const app = run(endings, {});
    await app.ended;
    expect(app.errors).toMatch(
      /^It broke\.\nMend it\.\n<1>no disk\n<1>a text\n<1>TypeError: x is undefined\n\s+at [^]*<1>$/,
    );
  });
});
