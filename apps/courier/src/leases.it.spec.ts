import { claimDeliveries } from '#platform/store';
import { waitFor } from '#testing/services';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { keepLeases, type Leases, type LeaseTimes } from './leases.ts';
import { specLog } from './spec-courier.ts';
import { openWorld, type CourierWorld } from './spec-world.ts';

let world: CourierWorld;
const kept: Leases[] = [];
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => {
  for (const leases of kept) leases.close();
  await world.close();
});

/** Renewals come only when the spec asks for them, unless it says otherwise. */
function keep(times: Partial<LeaseTimes> = {}, pool: unknown = world.database.pool) {
  const spec = specLog();
  const usual = { leaseMs: 400, renewEveryMs: 60_000, marginMs: 100 };
  const leases = keepLeases({ pool } as never, spec.log, { ...usual, ...times });
  kept.push(leases);
  return { leases, lines: spec.lines };
}

async function claim(ids: string[], lease: string, leaseMs: number): Promise<string[]> {
  const { deliveries } = await claimDeliveries(world.database, ids, { backend: 'hq', lease, leaseMs });
  return deliveries.map(({ id }) => id);
}

/** How long the lease of a delivery lasts from now, in milliseconds. */
async function leftMs(id: string): Promise<number> {
  const { rows } = await world.database.pool.query<{ ms: number }>(
    'SELECT extract(epoch FROM leased_until - now())::float8 * 1000 AS ms FROM delivery WHERE id = $1',
    [id],
  );
  return rows[0]!.ms;
}

describe('a lease', () => {
  it('is renewed for as long as the work takes, so that nobody else can claim it', async () => {
    const { leases } = keep({ leaseMs: 1000, renewEveryMs: 100 });
    const id = await world.route();
    const lease = leases.open();
    await claim([id], lease.token, lease.ms);
    lease.hold([id]);
    const until = Date.now() + 1500;
    await waitFor(
      async () => {
        expect(await claim([id], uuidv7(), 1000)).toEqual([]);
        expect(lease.isFirm()).toBe(true);
        return Date.now() > until;
      },
      { what: 'more than one lease to pass' },
    );
    lease.drop(id);
    await waitFor(async () => (await claim([id], uuidv7(), 1000)).length === 1, { what: 'somebody else to claim it' });
  });

  it('is renewed only for what it still holds', async () => {
    const { leases } = keep({ leaseMs: 30_000 });
    const [kept, dropped] = [await world.route(), await world.route()];
    const lease = leases.open();
    await claim([kept, dropped], lease.token, 5000);
    lease.hold([kept, dropped]);
    lease.drop(dropped);
    await leases.renew();
    expect(await leftMs(kept)).toBeGreaterThan(20_000);
    expect(await leftMs(dropped)).toBeLessThan(5001);
  });

  it('is quiet once a renewal under way is done, so that what was dropped can be settled undisturbed', async () => {
    let answer: (result: { rows: object[] }) => void = () => undefined;
    const { leases } = keep({}, { query: () => new Promise((resolve) => (answer = resolve)) });
    const lease = leases.open();
    lease.hold(['a', 'b']);
    await leases.quiet();
    const renewal = leases.renew();
    lease.drop('a');
    let isQuiet = false;
    const quiet = leases.quiet().then(() => (isQuiet = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isQuiet).toBe(false);
    answer({ rows: [{ id: 'b' }] });
    await Promise.all([renewal, quiet]);
    expect(isQuiet).toBe(true);
  });

  it('ends early enough before others may claim that nothing is begun on it', async () => {
    const { leases } = keep();
    const lease = leases.open();
    expect(lease.isFirm()).toBe(true);
    const openedAt = performance.now();
    await waitFor(() => !lease.isFirm(), { what: 'the lease to end', pollMs: 5 });
    expect(performance.now() - openedAt).toBeGreaterThan(290);
    expect(performance.now() - openedAt).toBeLessThan(400);
  });

  it('is not firm any more when renewals fail, and the log says so', async () => {
    const pool = { query: () => Promise.reject(new Error('the database is away')) };
    const { leases, lines } = keep({ renewEveryMs: 50 }, pool);
    const lease = leases.open();
    lease.hold([uuidv7()]);
    await waitFor(() => !lease.isFirm(), { what: 'the lease to end' });
    expect(lines()).toContainEqual(expect.objectContaining({ msg: 'lease.renewal_failed', level: 40 }));
  });

  it('is not firm any more once something of it is somebody else’s, whatever happens to other leases', async () => {
    const { leases } = keep();
    const [lost, held] = [await world.route(), await world.route()];
    const [losing, holding] = [leases.open(), leases.open()];
    for (const [lease, id] of [
      [losing, lost],
      [holding, held],
    ] as const) {
      await claim([id], lease.token, 60_000);
      lease.hold([id]);
    }
    await world.change(lost, `lease = '${uuidv7()}'`);
    await waitFor(
      async () => {
        await leases.renew();
        return !losing.isFirm();
      },
      { what: 'the loss to be noticed' },
    );
    expect(holding.isFirm()).toBe(true);
    expect(await leftMs(lost)).toBeGreaterThan(50_000);
  });

  it('stays firm for the rest when one of its deliveries was settled', async () => {
    const { leases } = keep();
    const [settled, left] = [await world.route(), await world.route()];
    const lease = leases.open();
    await claim([settled, left], lease.token, 60_000);
    lease.hold([settled, left]);
    await world.change(settled, `lease = NULL, leased_until = NULL, state = 'delivered', finished_at = now()`);
    lease.drop(settled);
    const until = Date.now() + 600;
    await waitFor(
      async () => {
        await leases.renew();
        expect(lease.isFirm()).toBe(true);
        return Date.now() > until;
      },
      { what: 'more than one lease to pass' },
    );
  });

  it('has a token of its own, and asks for nothing while nothing is held', async () => {
    let asked = 0;
    const pool = { query: () => ((asked += 1), Promise.resolve({ rows: [] })) };
    const { leases } = keep({}, pool);
    const [one, other] = [leases.open(), leases.open()];
    expect(one.token).not.toBe(other.token);
    one.hold(['x']);
    one.drop('x');
    await leases.renew();
    expect(asked).toBe(0);
  });
});
