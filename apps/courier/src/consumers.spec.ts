import type { Backend } from '#contract';
import type { ConsumeOptions, Queues } from '#platform/queue';
import { createSealer } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import { createConsumers } from './consumers.ts';
import type { Delivering, Order } from './delivering.ts';
import { specLog } from './spec-courier.ts';

const sealer = createSealer('a secret of sixteen');
const hook = (url = 'https://a.example/', fields: Partial<Backend> = {}): Backend => ({
  type: 'webhook',
  settings: { url },
  ...fields,
});
const chat = (): Backend => ({
  type: 'mychat',
  settings: { url: 'http://chat.local', serverKey: sealer.seal('k-e-y') },
});

interface Running {
  slug: string;
  options: ConsumeOptions;
  handler: (ids: string[]) => Promise<void>;
  closed: boolean;
}

/** Consumers on queues that only remember; `rung` holds what was rung again. */
function world(parts: { closing?: Promise<void> } = {}) {
  const started: Running[] = [];
  const rung: [string, readonly string[], object | undefined][] = [];
  const delivered: { slug: string; url: unknown; type: string | undefined; ids: readonly string[]; isProbe?: true }[] =
    [];
  const queues = {
    consumeDeliver: async (slug: string, handler: Running['handler'], options: ConsumeOptions) => {
      const running: Running = { slug, options, handler, closed: false };
      started.push(running);
      return {
        close: async () => {
          running.closed = true;
          await parts.closing;
        },
      };
    },
    ringDeliver: async (backend: string, ids: readonly string[], options?: object) =>
      void rung.push([backend, ids, options]),
  } as unknown as Queues;
  const delivering = {
    deliver: async ({ slug, current, ids, isProbe }: Order) => {
      const state = current();
      const type = state?.adapter.manifest.type;
      delivered.push({ slug, url: state?.settings?.['url'], type, ids, ...(isProbe ? { isProbe } : {}) });
      return true;
    },
  } as unknown as Delivering;
  const spec = specLog();
  const consumers = createConsumers({ delivering, queues, sealer, log: spec.log });
  const follow = async (backends: Record<string, Backend>): Promise<void> => {
    consumers.follow(new Map(Object.entries(backends)));
    await new Promise((resolve) => setImmediate(resolve));
  };
  const open = () => started.filter((running) => !running.closed).map((running) => running.slug);
  return { consumers, follow, started, open, rung, delivered, lines: spec.lines };
}

describe('the consumers of a courier', () => {
  it('run for every backend that is not paused, and stop with the ones that vanish', async () => {
    const { follow, open } = world();
    await follow({ a: hook(), b: hook(), c: hook(undefined, { paused: true }) });
    expect(open()).toEqual(['a', 'b']);
    await follow({ b: hook(), d: hook() });
    expect(open()).toEqual(['b', 'd']);
  });

  it('take nothing while the backend is paused, and go on when it is not', async () => {
    const { follow, open, started, delivered } = world();
    await follow({ a: hook() });
    await follow({ a: hook(undefined, { paused: true }) });
    expect(open()).toEqual([]);
    await started[0]!.handler(['1']);
    expect(delivered).toEqual([]);
    await follow({ a: hook() });
    expect([open(), started.length]).toEqual([['a'], 2]);
    await started[1]!.handler(['2']);
    expect(delivered).toMatchObject([{ url: 'https://a.example/', ids: ['2'] }]);
  });

  it('can be passed by, for a probe or while nobody rings, where they run', async () => {
    const { consumers, follow, delivered } = world();
    expect(await consumers.deliver('a', ['0'])).toBe(false);
    await follow({ a: hook() });
    expect(await consumers.deliver('a', ['1'], true)).toBe(true);
    expect(delivered).toMatchObject([{ slug: 'a', ids: ['1'], isProbe: true }]);
  });

  it('use changed settings at once, without a restart', async () => {
    const { follow, started, delivered } = world();
    await follow({ a: hook() });
    await follow({ a: hook('https://b.example/') });
    await follow({ a: hook('https://b.example/') });
    expect(started).toHaveLength(1);
    await started[0]!.handler(['1']);
    expect(delivered).toMatchObject([{ url: 'https://b.example/' }]);
  });

  it('are restarted when the type changes, with the limits of the new one', async () => {
    const { follow, started, open, delivered } = world();
    await follow({ a: hook() });
    await follow({ a: chat() });
    expect([open(), started[0]!.closed, started.length]).toEqual([['a'], true, 2]);
    expect(started[0]!.options.rate).toBeUndefined();
    expect(started[1]!.options).toMatchObject({ concurrency: 4, rate: { max: 20, perMs: 1000 } });
    await started[1]!.handler(['1']);
    expect(delivered).toMatchObject([{ type: 'mychat' }]);
  });

  it('keep the rate that the operator sets, in small portions, and are restarted when it changes', async () => {
    const { follow, started } = world();
    await follow({ a: { ...hook(), ratePerSecond: 5 } });
    await follow({ a: { ...hook(), ratePerSecond: 500 } });
    await follow({ a: { ...chat(), ratePerSecond: 3 } });
    expect(started.map(({ options }) => options.rate)).toEqual([
      { max: 5, perMs: 1000 },
      { max: 50, perMs: 100 },
      { max: 3, perMs: 1000 },
    ]);
    expect(started.slice(0, 2).map(({ closed }) => closed)).toEqual([true, true]);
  });

  it('of a limited backend do one delivery per job, and ring for larger ones apart', async () => {
    const { follow, started, rung, delivered } = world();
    await follow({ a: chat() });
    await started[0]!.handler(['1', '2']);
    expect([rung, delivered]).toEqual([[['a', ['1', '2'], { perJob: 1 }]], []]);
    await started[0]!.handler(['1']);
    expect(delivered).toMatchObject([{ ids: ['1'] }]);
  });

  it('do not run for a type that this version lacks; the log says so', async () => {
    const { follow, open, lines } = world();
    await follow({ a: { type: 'pigeon', settings: {} }, b: hook() });
    expect(open()).toEqual(['b']);
    expect(lines()).toEqual([
      expect.objectContaining({ level: 50, msg: 'backend.type_unknown', backend: 'a', type: 'pigeon' }),
    ]);
    await follow({ b: { type: 'pigeon', settings: {} } });
    expect(open()).toEqual([]);
  });

  it('run for settings that do not fit, so that each delivery tells why; the log says so too', async () => {
    const { follow, open, lines } = world();
    await follow({ a: hook('ftp://x') });
    expect(open()).toEqual(['a']);
    expect(lines()).toMatchObject([{ level: 50, msg: 'backend.settings_invalid', backend: 'a' }]);
  });

  it('are all closed at the end, and that waits for what is under way', async () => {
    let finish: () => void = () => undefined;
    const { consumers, follow, open } = world({ closing: new Promise((resolve) => (finish = resolve)) });
    await follow({ a: hook(), b: hook() });
    let closed = false;
    const closing = consumers.close().then(() => (closed = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect([open(), closed]).toEqual([[], false]);
    finish();
    await closing;
    expect(closed).toBe(true);
  });

  it('outlive a queue that cannot be closed; the log says so', async () => {
    const { follow, open, lines } = world({ closing: Promise.reject(new Error('the queue is away')) });
    await follow({ a: hook() });
    await follow({});
    expect([open(), lines()]).toMatchObject([[], [{ msg: 'consumer.stop_failed', backend: 'a' }]]);
  });
});
