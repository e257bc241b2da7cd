import type { Outcome } from '#contract';
import type { Circuit, Circuits, CircuitCause, NewEvent } from '#platform/store';
import { waitFor } from '#testing/services';
import { afterEach, describe, expect, it } from '@jest/globals';
import { keepHealth, type HealthKeeper } from './health-keeper.ts';
import { specLog } from './spec-courier.ts';

const outcomes = {
  well: { kind: 'delivered', reason: 'ok' },
  down: { kind: 'backendDown', reason: 'refused', detail: 'nobody there' },
  failing: { kind: 'retryable', reason: 'http_503', statusCode: 503 },
  refusing: { kind: 'authBroken', reason: 'http_401', detail: 'who are you?' },
} as const satisfies Record<string, Outcome>;

/** Circuits in memory, which change when the spec lets them. */
function specCircuits() {
  const states = new Map<string, Circuit>();
  const changes: string[] = [];
  const alerts: NewEvent[] = [];
  let mayChange: Promise<unknown> = Promise.resolve();
  const set = (backend: string, state: Circuit['state'], probeAt = new Date(0)) =>
    states.set(backend, { backend, state, reason: 'spec', detail: null, since: new Date(), probes: 0, probeAt });
  const circuits = {
    of: (backend: string) => states.get(backend),
    open: async (backend: string, { reason }: CircuitCause, probeInMs: number) => {
      await mayChange;
      const was = states.get(backend)?.state;
      if (was === 'open' || was === 'paused') return false;
      set(backend, 'open', new Date(Date.now() + 60_000));
      return changes.push(`open ${backend} ${reason} ${probeInMs}`) > 0;
    },
    pause: async (backend: string, _cause: CircuitCause, alert: NewEvent) => {
      await mayChange;
      if (states.get(backend)?.state === 'paused') return false;
      set(backend, 'paused');
      alerts.push(alert);
      return changes.push(`pause ${backend}`) > 0;
    },
    drain: async (backend: string, from: string) => {
      if (states.get(backend)?.state !== from) return false;
      set(backend, 'draining');
      return changes.push(`drain ${backend}`) > 0;
    },
    takeProbe: async (backend: string) => {
      if (states.get(backend)!.probeAt.getTime() > Date.now()) return false;
      set(backend, 'open', new Date(Date.now() + 60_000));
      return changes.push(`probe ${backend}`) > 0;
    },
  };
  return {
    circuits: circuits as unknown as Circuits,
    ...{ set, states, changes, alerts },
    wait: (on: Promise<unknown>) => void (mayChange = on),
  };
}

const running: HealthKeeper[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((keeper) => keeper.close()));
});

function world(shared = specCircuits()) {
  const spec = specLog();
  const rung: string[][] = [];
  const probed: string[] = [];
  let probing: Promise<void> = Promise.resolve();
  const keeper = keepHealth({
    circuits: shared.circuits,
    queues: { ringRoute: async (ids: readonly string[]) => void rung.push([...ids]) },
    log: spec.log,
    backends: () => ['hq'],
    probe: (backend) => (probed.push(backend), probing),
    lookEveryMs: 5,
  });
  running.push(keeper);
  const hear = (outcome: Outcome, deliveryId = 'd1', isProbe = false) =>
    keeper.heard({ slug: 'hq', type: 'webhook', deliveryId, isProbe }, outcome);
  const probesTake = (time: Promise<void>) => void (probing = time);
  return { ...shared, keeper, hear, rung, probed, probesTake, lines: spec.lines };
}

const messages = (lines: Record<string, unknown>[]) => lines.map(({ msg }) => msg);

describe('a backend that is well', () => {
  it('is open, and stays so whatever single deliveries fail', async () => {
    const { keeper, hear, changes } = world();
    for (let n = 0; n < 30; n += 1) await hear(outcomes.failing, `d${n % 9}`);
    await hear({ kind: 'permanent', reason: 'http_400' });
    expect([keeper.isOpen('hq'), changes]).toEqual([true, []]);
  });

  it('goes down with the first outcome that says that nobody is there', async () => {
    const { keeper, hear, changes, lines } = world();
    await hear(outcomes.down);
    expect([keeper.isOpen('hq'), keeper.isOpen('other')]).toEqual([false, true]);
    expect(changes).toEqual(['open hq refused 1000']);
    expect(lines()).toMatchObject([{ level: 40, msg: 'backend.down', backend: 'hq', reason: 'refused' }]);
  });

  it('goes down with the tenth delivery that fails in a row', async () => {
    const { keeper, hear, changes } = world();
    for (let n = 0; n < 9; n += 1) await hear(outcomes.failing, `d${n}`);
    expect(keeper.isOpen('hq')).toBe(true);
    await hear(outcomes.failing, 'd9');
    expect([keeper.isOpen('hq'), changes]).toEqual([false, ['open hq http_503 1000']]);
  });

  it('goes down once, though many couriers find out at once, and those that run on say so again', async () => {
    const shared = specCircuits();
    const couriers = [world(shared), world(shared), world(shared)];
    await Promise.all(couriers.flatMap(({ hear }) => [hear(outcomes.down, 'a'), hear(outcomes.down, 'b')]));
    expect(shared.changes).toEqual(['open hq refused 1000']);
    expect(couriers.flatMap(({ lines }) => messages(lines()))).toEqual(['backend.down']);
  });

  it('begins nothing more while its circuit is being changed', async () => {
    const { keeper, hear, wait, changes } = world();
    let change: (value?: unknown) => void = () => undefined;
    wait(new Promise((resolve) => (change = resolve)));
    const heard = hear(outcomes.down);
    expect([keeper.isOpen('hq'), changes]).toEqual([false, []]);
    change();
    await heard;
    expect([keeper.isOpen('hq'), changes.length]).toEqual([false, 1]);
  });

  it('goes on when its circuit cannot be changed; the log says so, and the next outcome says the same again', async () => {
    const { keeper, hear, wait, changes, lines } = world();
    wait(Promise.reject(new Error('the database is away')));
    await hear(outcomes.down);
    expect([keeper.isOpen('hq'), messages(lines())]).toEqual([true, ['circuit.change_failed']]);
    wait(Promise.resolve());
    await hear(outcomes.down, 'd2');
    expect([keeper.isOpen('hq'), changes.length]).toEqual([false, 1]);
  });
});

describe('a backend that is down', () => {
  it('is back when a probe is answered, whatever the answer is to the message', async () => {
    const { keeper, hear, changes, set, lines } = world();
    set('hq', 'open', new Date(Date.now() + 60_000));
    await hear({ kind: 'permanent', reason: 'http_400', statusCode: 400 }, 'd1', true);
    expect([keeper.isOpen('hq'), changes]).toEqual([true, ['drain hq']]);
    expect(lines()).toMatchObject([{ msg: 'backend.recovered', backend: 'hq', downForMs: expect.any(Number) }]);
  });

  it.each(['down', 'failing'] as const)('is not back when a probe finds it %s', async (what) => {
    const { keeper, hear, changes, set } = world();
    set('hq', 'open', new Date(Date.now() + 60_000));
    for (let n = 0; n < 12; n += 1) await hear(outcomes[what], `d${n}`, true);
    expect([keeper.isOpen('hq'), changes]).toEqual([false, []]);
  });

  it('is not back because of an attempt that was under way before', async () => {
    const { keeper, hear, changes, set } = world();
    set('hq', 'open', new Date(Date.now() + 60_000));
    await hear(outcomes.well);
    expect([keeper.isOpen('hq'), changes]).toEqual([false, []]);
  });

  it('goes down again when it fails while it is drained', async () => {
    const { keeper, hear, changes, set } = world();
    set('hq', 'draining');
    expect(keeper.isOpen('hq')).toBe(true);
    await hear(outcomes.down);
    expect([keeper.isOpen('hq'), changes]).toEqual([false, ['open hq refused 1000']]);
  });

  it('is probed when it is time, by the one courier that took the probe', async () => {
    const shared = specCircuits();
    const couriers = [world(shared), world(shared)];
    shared.set('hq', 'open', new Date(Date.now() + 50));
    await waitFor(() => shared.changes.length > 0, { what: 'a probe' });
    await waitFor(() => couriers.some(({ probed }) => probed.length > 0), { what: 'the probe to be sent' });
    expect(couriers.flatMap(({ probed }) => probed)).toEqual(['hq']);
    expect(shared.changes).toEqual(['probe hq']);
  });

  it('gets one probe of a courier at a time, and none once that closes, which waits for the last', async () => {
    const { keeper, set, probed, probesTake } = world();
    let finish: () => void = () => undefined;
    probesTake(new Promise((resolve) => (finish = resolve)));
    set('hq', 'open');
    await waitFor(() => probed.length === 1, { what: 'a probe' });
    set('hq', 'open');
    const until = Date.now() + 40;
    await waitFor(() => Date.now() > until, { what: 'some looks' });
    let closed = false;
    const closing = keeper.close().then(() => (closed = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect([closed, probed]).toEqual([false, ['hq']]);
    finish();
    await closing;
    expect(probed).toEqual(['hq']);
  });

  it.each(['draining', 'paused'] as const)('gets no probe while it is %s', async (state) => {
    const { set, probed, changes, states } = world();
    set('hq', state);
    const until = Date.now() + 40;
    await waitFor(() => Date.now() > until, { what: 'some looks' });
    expect([probed, changes, states.get('hq')!.state]).toEqual([[], [], state]);
  });
});

describe('a backend that refuses us', () => {
  it('is paused with one event for the operators, though many hear of it at once', async () => {
    const shared = specCircuits();
    const couriers = [world(shared), world(shared)];
    await Promise.all(couriers.flatMap(({ hear }) => ['a', 'b', 'c'].map((id) => hear(outcomes.refusing, id))));
    expect(shared.changes).toEqual(['pause hq']);
    const [alert, ...more] = shared.alerts;
    expect(more).toEqual([]);
    expect(alert).toMatchObject({
      source: 'vestnik',
      type: 'vestnik.backend.paused',
      subject: 'hq',
      data: { backend: 'hq', backendType: 'webhook', reason: 'http_401', detail: 'who are you?' },
    });
    expect(couriers.flatMap(({ rung }) => rung)).toEqual([[alert!.id]]);
    expect(couriers.flatMap(({ lines }) => messages(lines()))).toEqual(['backend.paused']);
    expect(couriers.map(({ keeper }) => keeper.isOpen('hq'))).toEqual([false, false]);
  });

  it('is paused also when it was down, or drained, and is only let go by an operator', async () => {
    for (const state of ['open', 'draining'] as const) {
      const { keeper, hear, changes, set } = world();
      set('hq', state, new Date(Date.now() + 60_000));
      await hear(outcomes.refusing, 'd1', state === 'open');
      await hear(outcomes.well, 'd2', true);
      await hear(outcomes.down, 'd3');
      expect([keeper.isOpen('hq'), changes]).toEqual([false, ['pause hq']]);
    }
  });
});
