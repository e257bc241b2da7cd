import { HouseError } from '#contract';
import type { Queues } from '#platform/queue';
import type { Database, NewEvent } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import { createAcceptor, type Acceptor, type DoorBounds } from './acceptor.ts';

/** A PostgreSQL that answers when and what the test wants. */
class Storage {
  readonly statements: { ids: string[]; commit: () => void; fail: (error: Error) => void }[] = [];

  readonly database = {
    events: { put: () => undefined },
    pool: {
      query: ({ values }: { values: [string[]] }) =>
        new Promise((resolve, reject) => {
          const commit = () => resolve({ rows: [{ version: '1', id: null }] });
          this.statements.push({ ids: values[0], commit, fail: reject });
        }),
    },
  } as unknown as Database;

  /** Waits until so many statements were sent. */
  async sent(count: number): Promise<void> {
    while (this.statements.length < count) await new Promise(setImmediate);
  }
}

let next = 0;
function events(count: number, chars = 2): NewEvent[] {
  return Array.from({ length: count }, () => ({
    id: `e${(next += 1)}`,
    source: 's',
    type: 't',
    subject: undefined,
    time: '2026-11-20T08:00:00.000Z',
    idempotencyKey: undefined,
    correlationKey: undefined,
    data: {},
    dataText: 'x'.repeat(chars),
    extensions: undefined,
  }));
}

interface Rig {
  storage: Storage;
  acceptor: Acceptor;
  rings: string[][];
}

function rig(bounds: DoorBounds, ring: () => Promise<void> = async () => undefined): Rig {
  const storage = new Storage();
  const rings: string[][] = [];
  const ringRoute = (ids: string[]) => (rings.push(ids), ring());
  return { storage, rings, acceptor: createAcceptor(storage.database, { ringRoute } as unknown as Queues, bounds) };
}

/** The refusal of a request, or `undefined` when it is still waiting for its commit. */
async function refusal(work: Promise<unknown>): Promise<HouseError | undefined> {
  const waiting = new Promise((resolve) => setImmediate(resolve));
  const outcome = work.catch((error: unknown) => error);
  const first = await Promise.race([outcome, waiting]);
  return first instanceof HouseError ? first : undefined;
}

const wide: DoorBounds = { events: 1000, chars: 1_000_000 };

describe('the bounds of the door', () => {
  it.each<[string, DoorBounds, NewEvent[]]>([
    ['events', { events: 10, chars: 1000 }, events(4)],
    ['characters', { events: 1000, chars: 100 }, events(1, 50)],
  ])('refuse what would hold too many %s, say when to come back, and store nothing of it', async (_w, bounds, more) => {
    const { storage, acceptor } = rig(bounds);
    const first = acceptor.accept(events(7, 8));
    await storage.sent(1);
    expect(await refusal(acceptor.accept(more))).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 1 });
    storage.statements[0]!.commit();
    await first;
    const again = acceptor.accept(more);
    await storage.sent(2);
    storage.statements[1]!.commit();
    expect(await again).toHaveLength(more.length);
  });

  it('are told before anything is read', async () => {
    const { storage, acceptor } = rig({ events: 10, chars: 1000 });
    const [first, second] = [acceptor.accept(events(9)), acceptor.accept(events(1))];
    expect(acceptor.refusal()).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 1 });
    await storage.sent(1);
    storage.statements[0]!.commit();
    await Promise.all([first, second]);
    expect(acceptor.refusal()).toBeUndefined();
  });

  it('count what waits and what is under way, and let one request pass whatever its size', async () => {
    const { storage, acceptor } = rig({ events: 10, chars: 1000 });
    const large = acceptor.accept(events(11));
    expect(await refusal(acceptor.accept(events(1)))).toMatchObject({ code: 'RATE_LIMITED' });
    await storage.sent(1);
    expect(await refusal(acceptor.accept(events(1)))).toMatchObject({ code: 'RATE_LIMITED' });
    storage.statements[0]!.commit();
    expect(await large).toHaveLength(11);
  });

  it('keep a statement near the size of a body: large events go in smaller batches', async () => {
    const { storage, acceptor } = rig({ events: 1000, chars: 64 * 1024 * 1024 });
    const size = 256 * 1024;
    const all = Array.from({ length: 64 }, () => acceptor.accept(events(1, size)));
    for (let done = 0; done < 64;) {
      const { ids, commit } = (await storage.sent(1), storage.statements.shift()!);
      expect(ids.length * size).toBeLessThanOrEqual(8 * 1024 * 1024);
      done += ids.length;
      commit();
    }
    await Promise.all(all);
  });
});

describe('while PostgreSQL is away', () => {
  const away = () => Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

  it('everybody who waits is refused with the first who finds out, and the next are refused at once', async () => {
    const { storage, acceptor } = rig(wide);
    const waiting = [acceptor.accept(events(500)), acceptor.accept(events(500))];
    await storage.sent(2);
    const behind = acceptor.accept(events(0));
    const refusals = Promise.allSettled([waiting[0]!, behind]);
    storage.statements[0]!.fail(new Error('Query read timeout'));
    for (const settled of await refusals) {
      expect(settled).toMatchObject({ reason: { code: 'UNAVAILABLE', retryAfterSeconds: 2 } });
    }
    expect(acceptor.refusal()).toBeUndefined();
    const probe = acceptor.accept(events(1));
    expect(acceptor.refusal()).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await refusal(acceptor.accept(events(1)))).toMatchObject({ code: 'UNAVAILABLE' });
    storage.statements[1]!.fail(away());
    await expect(waiting[1]).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(probe).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('one request at a time finds out whether it is back, and then all are taken', async () => {
    const { storage, acceptor } = rig(wide);
    const first = acceptor.accept(events(1));
    await storage.sent(1);
    storage.statements[0]!.fail(away());
    await expect(first).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const failing = acceptor.accept(events(1));
    await storage.sent(2);
    storage.statements[1]!.fail(away());
    await expect(failing).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const probe = acceptor.accept(events(1));
    await storage.sent(3);
    expect(await refusal(acceptor.accept(events(1)))).toMatchObject({ code: 'UNAVAILABLE' });
    storage.statements[2]!.commit();
    await probe;
    const two = [acceptor.accept(events(1)), acceptor.accept(events(1))];
    await storage.sent(4);
    storage.statements[3]!.commit();
    expect((await Promise.all(two)).flat()).toHaveLength(2);
  });

  it('a fault of our own is not taken for it', async () => {
    const { storage, acceptor } = rig(wide);
    const first = acceptor.accept(events(1));
    await storage.sent(1);
    storage.statements[0]!.fail(new TypeError('a bug'));
    await expect(first).rejects.toThrow('a bug');
    const second = acceptor.accept(events(1));
    await storage.sent(2);
    storage.statements[1]!.commit();
    await second;
  });
});

describe('the bell', () => {
  it('is not rung without end while nobody answers it', async () => {
    const { storage, acceptor, rings } = rig(wide, () => new Promise(() => undefined));
    for (let n = 1; n <= 130; n += 1) {
      const stored = acceptor.accept(events(500));
      await storage.sent(n);
      storage.statements[n - 1]!.commit();
      await stored;
    }
    expect(rings).toHaveLength(100);
  });
});

describe('the order of the door', () => {
  it.each(['committed', 'failed'] as const)(
    'is kept: a batch rings once the one before it is %s, and is answered before that',
    async (end) => {
      const { storage, acceptor, rings } = rig({ events: 10_000, chars: 1_000_000 });
      const [first, second] = [events(500), events(500)];
      const outcome = acceptor.accept(first).catch(() => undefined);
      await storage.sent(1);
      const later = acceptor.accept(second);
      await storage.sent(2);
      storage.statements[1]!.commit();
      expect((await later).map(({ id }) => id)).toEqual(second.map(({ id }) => id));
      await new Promise(setImmediate);
      expect(rings).toEqual([]);
      if (end === 'committed') storage.statements[0]!.commit();
      else storage.statements[0]!.fail(new Error('a bug'));
      await outcome;
      await new Promise(setImmediate);
      const both = end === 'committed' ? [first, second] : [second];
      expect(rings).toEqual(both.map((list) => list.map(({ id }) => id)));
    },
  );
});
