/** Circuits: every change that may happen, every one that must not, and how all processes learn of it. */
import { createLogger } from '#platform/log';
import { freshDatabase, waitFor, type FreshDatabase } from '#testing/services';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { watchCircuits, type Circuits, type CircuitState } from './circuits.ts';
import { openDatabase, type Database } from './database.ts';
import { ensurePartitions } from './flow/index.ts';
import { event } from './flow/spec-builders.ts';
import { createListener, type Listener } from './listener.ts';
import { createDefinitions } from './management/index.ts';

const log = createLogger('spec', 'silent');
/** Never within a spec: only a note can bring the change. */
const neverMs = 3_600_000;
/** As if every note were lost. */
const deaf: Listener = { on: () => undefined, start: async () => undefined, close: async () => undefined };
const down = { reason: 'connection_refused', detail: 'Nobody there.' };
const refusing = { reason: 'http_401', detail: undefined };

let fresh: FreshDatabase;
let database: Database;
let circuits: Circuits;
const opened: { close(): unknown }[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ connectionString: fresh.url, poolSize: 8, onError: () => undefined });
  await ensurePartitions(database, Date.now(), 1);
});
beforeEach(async () => {
  await database.pool.query('TRUNCATE circuit, event');
  circuits = await watch(deaf);
});
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});
afterAll(async () => {
  await database.close();
  await fresh.drop();
});

async function watch(listener: Listener, pollMs = neverMs, on = database): Promise<Circuits> {
  const watched = await watchCircuits(on, listener, log, pollMs);
  opened.push({ close: () => watched.stop() });
  return watched;
}

/** Another process on the same database. */
async function elsewhere(): Promise<Circuits> {
  const other = openDatabase({ connectionString: fresh.url, poolSize: 4, onError: () => undefined });
  const listener = createListener(other, { log });
  opened.push(other, listener);
  const watched = await watch(listener, neverMs, other);
  // Once it has started, it hears every note of what it was asked to listen to before.
  await listener.start();
  await watched.refresh();
  return watched;
}

/** Brings the circuit of `hq` into a state. */
async function become(state: CircuitState | 'well'): Promise<void> {
  if (state === 'open' || state === 'draining') await circuits.open('hq', down, 0);
  if (state === 'draining') await circuits.drain('hq', 'open');
  if (state === 'paused') await circuits.pause('hq', refusing, event());
  expect(circuits.of('hq')?.state ?? 'well').toBe(state);
}

const storedEvents = async () => (await database.pool.query<{ id: string }>('SELECT id FROM event')).rows;

const changes: Record<string, () => Promise<boolean>> = {
  open: () => circuits.open('hq', down, 1000),
  pause: () => circuits.pause('hq', refusing, event()),
  'take a probe': () => circuits.takeProbe('hq', [1000]),
  'drain from open': () => circuits.drain('hq', 'open'),
  'drain from paused': () => circuits.drain('hq', 'paused'),
  close: () => circuits.close('hq'),
};

describe('a circuit', () => {
  const rows: [from: CircuitState | 'well', change: string, to: CircuitState | 'well' | 'refused'][] = [
    ['well', 'open', 'open'],
    ['well', 'pause', 'paused'],
    ['well', 'take a probe', 'refused'],
    ['well', 'drain from open', 'refused'],
    ['well', 'drain from paused', 'refused'],
    ['well', 'close', 'refused'],
    ['open', 'open', 'refused'],
    ['open', 'pause', 'paused'],
    ['open', 'take a probe', 'open'],
    ['open', 'drain from open', 'draining'],
    ['open', 'drain from paused', 'refused'],
    ['open', 'close', 'refused'],
    ['draining', 'open', 'open'],
    ['draining', 'pause', 'paused'],
    ['draining', 'take a probe', 'refused'],
    ['draining', 'drain from open', 'refused'],
    ['draining', 'drain from paused', 'refused'],
    ['draining', 'close', 'well'],
    ['paused', 'open', 'refused'],
    ['paused', 'pause', 'refused'],
    ['paused', 'take a probe', 'refused'],
    ['paused', 'drain from open', 'refused'],
    ['paused', 'drain from paused', 'draining'],
    ['paused', 'close', 'refused'],
  ];
  it.each(rows)('that is %s, asked to %s, is then: %s', async (from, change, to) => {
    await become(from);
    const before = circuits.of('hq');
    expect(await changes[change]!()).toBe(to !== 'refused');
    const after = circuits.of('hq');
    if (to === 'refused') expect(after).toEqual(before);
    else expect(after?.state ?? 'well').toBe(to);
    await circuits.refresh();
    expect(circuits.of('hq')).toEqual(after);
  });

  it('tells why, since when, and when it may be probed first', async () => {
    const from = Date.now();
    await circuits.open('hq', down, 60_000);
    const open = circuits.of('hq')!;
    expect(open).toMatchObject({ backend: 'hq', state: 'open', ...down, probes: 0 });
    expect(Math.abs(open.since.getTime() - from)).toBeLessThan(5000);
    expect(open.probeAt.getTime() - open.since.getTime()).toBe(60_000);
    expect([...circuits.all().keys()]).toEqual(['hq']);
    expect(circuits.of('desk')).toBeUndefined();
  });

  it('that opens again while it drains begins anew', async () => {
    await become('draining');
    await database.pool.query(`UPDATE circuit SET probes = 7, since = now() - interval '1 hour'`);
    await circuits.open('hq', { reason: 'timeout', detail: undefined }, 60_000);
    const { reason, detail, probes, since, probeAt } = circuits.of('hq')!;
    expect({ reason, detail, probes }).toEqual({ reason: 'timeout', detail: null, probes: 0 });
    expect(probeAt.getTime() - since.getTime()).toBe(60_000);
    expect(Date.now() - since.getTime()).toBeLessThan(60_000);
  });
});

describe('a pause', () => {
  it('stores its alert together with it, and only when it was not paused before', async () => {
    const [first, second] = [event({ type: 'vestnik.backend.paused' }), event()];
    expect(await circuits.pause('hq', refusing, first)).toBe(true);
    expect(await circuits.pause('hq', refusing, second)).toBe(false);
    expect(await storedEvents()).toEqual([{ id: first.id }]);
  });

  it('does not come about when its alert cannot be stored, nor the alert without it', async () => {
    const outOfTime = event({ id: '00000000-0000-7000-8000-000000000000' });
    await expect(circuits.pause('hq', refusing, outOfTime)).rejects.toThrow(/partition/);
    await circuits.refresh();
    expect([circuits.of('hq'), await storedEvents()]).toEqual([undefined, []]);
  });

  it('by many at once stores one alert', async () => {
    const others = await Promise.all([elsewhere(), elsewhere()]);
    const all = [circuits, ...others, circuits, ...others];
    const made = await Promise.all(all.map((one) => one.pause('hq', refusing, event())));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await storedEvents()).toHaveLength(1);
  });

  it('that comes together with openings is what stands in the end', async () => {
    const other = await elsewhere();
    for (let round = 0; round < 5; round += 1) {
      await database.pool.query('TRUNCATE circuit');
      const [opened1, paused, opened2] = await Promise.all([
        circuits.open('hq', down, 0),
        other.pause('hq', refusing, event()),
        other.open('hq', down, 0),
      ]);
      await circuits.refresh();
      expect(paused).toBe(true);
      expect(opened1 && opened2).toBe(false);
      expect(circuits.of('hq')).toMatchObject({ state: 'paused', reason: 'http_401' });
    }
  });
});

describe('a probe', () => {
  const gaps = [10_000, 20_000, 40_000];
  const nextInMs = async () => {
    const { rows } = await database.pool.query<{ ms: number }>(
      'SELECT extract(epoch FROM probe_at - now()) * 1000 AS ms FROM circuit',
    );
    return Math.round(Number(rows[0]!.ms) / 1000) * 1000;
  };
  const itIsTime = () => database.pool.query('UPDATE circuit SET probe_at = now()');

  it('is not taken before its time', async () => {
    await circuits.open('hq', down, 60_000);
    expect(await circuits.takeProbe('hq', gaps)).toBe(false);
    await itIsTime();
    expect(await circuits.takeProbe('hq', gaps)).toBe(true);
  });

  it('is taken by one of many who see that it is time', async () => {
    await become('open');
    const others = await Promise.all([elsewhere(), elsewhere()]);
    const took = await Promise.all([circuits, ...others, circuits].map((one) => one.takeProbe('hq', gaps)));
    expect(took.filter(Boolean)).toHaveLength(1);
  });

  it('is followed by gaps that grow, the last of which repeats', async () => {
    await become('open');
    const found: number[] = [];
    for (let probe = 0; probe < 5; probe += 1) {
      await itIsTime();
      await circuits.takeProbe('hq', gaps);
      found.push(await nextInMs());
    }
    expect(found).toEqual([10_000, 20_000, 40_000, 40_000, 40_000]);
    expect(circuits.of('hq')!.probes).toBe(5);
  });
});

describe('a change', () => {
  it('is seen by another process by its note alone, whichever it is', async () => {
    const other = await elsewhere();
    const sees = (state: CircuitState | undefined) =>
      waitFor(() => other.of('hq')?.state === state, { what: `to see ${state ?? 'it well'}`, timeoutMs: 3000 });
    await circuits.open('hq', down, 0);
    await sees('open');
    await circuits.takeProbe('hq', [1000]);
    await waitFor(() => other.of('hq')?.probes === 1, { what: 'to see the probe', timeoutMs: 3000 });
    await circuits.drain('hq', 'open');
    await sees('draining');
    await circuits.close('hq');
    await sees(undefined);
    await circuits.pause('hq', refusing, event());
    await sees('paused');
  });

  it('whose note was missed is found by the poll, until that is stopped', async () => {
    const [late, stopped] = [await watch(deaf, 20), await watch(deaf, 20)];
    stopped.stop();
    await circuits.open('hq', down, 0);
    await waitFor(() => late.of('hq') !== undefined, { what: 'the poll', timeoutMs: 3000 });
    await circuits.drain('hq', 'open');
    await waitFor(() => late.of('hq')?.state === 'draining', { what: 'the next poll', timeoutMs: 3000 });
    expect(stopped.of('hq')).toBeUndefined();
  });

  it('is seen by whoever made it as soon as it is made, however many look at once', async () => {
    const slugs = Array.from({ length: 30 }, (_, n) => `hq-${n}`);
    await Promise.all(
      slugs.map(async (slug) => {
        expect(await circuits.open(slug, down, 0)).toBe(true);
        expect(circuits.of(slug)?.state).toBe('open');
      }),
    );
  });

  it('is seen although somebody was just reading what stood before', async () => {
    let open = () => undefined as void;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let reads = 0;
    const query = async (text: string) => {
      const answer = await database.pool.query(text);
      reads += 1;
      // The first read is that of the beginning.
      if (reads > 1) await gate;
      return answer;
    };
    const slow = await watch(deaf, neverMs, { ...database, pool: { query } as never });
    const early = slow.refresh();
    await waitFor(() => reads === 2, { what: 'the read' });
    await circuits.open('hq', down, 0);
    const late = slow.refresh();
    open();
    await Promise.all([early, late]);
    expect(slow.of('hq')?.state).toBe('open');
  });

  it('is known to whoever starts later', async () => {
    await become('paused');
    expect((await watch(deaf)).of('hq')?.state).toBe('paused');
  });

  it('that could not be read is no reason to end, and the poll goes on', async () => {
    let isAway = false;
    const query = (...args: unknown[]): unknown =>
      isAway
        ? Promise.reject(new Error('PostgreSQL is away'))
        : (database.pool.query as (...given: unknown[]) => unknown).apply(database.pool, args);
    const seen = await watch(deaf, 20, { ...database, pool: { query } as never });
    isAway = true;
    await expect(seen.refresh()).rejects.toThrow('away');
    await circuits.open('hq', down, 0);
    isAway = false;
    await waitFor(() => seen.of('hq') !== undefined, { what: 'the poll', timeoutMs: 3000 });
  });
});

describe('an operator', () => {
  const body = { type: 'inbox', settings: {} };

  it.each(['open', 'paused', 'draining'] as const)(
    'who saves a backend that is %s, changed or not, lets it drain',
    async (state) => {
      const definitions = createDefinitions(database);
      await definitions.put('backend', 'hq', body, 'ops');
      await become(state);
      const other = await elsewhere();
      await definitions.put('backend', 'hq', body, 'ops');
      await circuits.refresh();
      expect(circuits.of('hq')?.state).toBe('draining');
      await waitFor(() => other.of('hq')?.state === 'draining', { what: 'the note', timeoutMs: 3000 });
    },
  );

  it('who saves a backend that is well, or something else, changes nothing', async () => {
    const definitions = createDefinitions(database);
    await circuits.open('desk', down, 0);
    await definitions.put('backend', 'hq', body, 'ops');
    await definitions.put('group', 'desk', { displayName: 'Desk' }, 'ops');
    await circuits.refresh();
    expect([circuits.of('hq'), circuits.of('desk')?.state]).toEqual([undefined, 'open']);
  });

  it.each(['open', 'paused', 'draining'] as const)(
    'who deletes a backend that is %s ends its circuit',
    async (state) => {
      const definitions = createDefinitions(database);
      await definitions.put('backend', 'hq', body, 'ops');
      await become(state);
      const other = await elsewhere();
      expect(other.of('hq')?.state).toBe(state);
      await definitions.remove('backend', 'hq', 'ops');
      await waitFor(() => other.of('hq') === undefined, { what: 'the note', timeoutMs: 3000 });
      await circuits.refresh();
      expect(circuits.of('hq')).toBeUndefined();
    },
  );
});
