import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fromPublicId, uuidTimeMs } from '#contract';
import { createLogger } from '#platform/log';
import { freshDatabase, waitFor, type FreshDatabase } from '#testing/services';
import { uuidv7 } from 'uuidv7';
import { openDatabase, type Database } from '../database.ts';
import { createListener } from '../listener.ts';
import { createInboxReading } from '../reading/inbox.ts';
import { createMailbox, inboxChannel, type Mailbox, type MailboxMessage } from './mailbox.ts';

let fresh: FreshDatabase;
let database: Database;
let mailbox: Mailbox;
const eventId = uuidv7();

function message(fields: Partial<MailboxMessage> = {}): MailboxMessage {
  return {
    deliveryId: uuidv7(),
    to: 'anna',
    title: 'Low stock',
    text: 'Осталось 3 📦',
    event: { id: eventId, type: 'stock.low' },
    ...fields,
  };
}

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ connectionString: fresh.url, poolSize: 4, onError: () => undefined });
  mailbox = createMailbox(database);
});
afterAll(async () => {
  await mailbox.close();
  await database.close();
  await fresh.drop();
});

async function stored(ids: readonly string[]): Promise<Record<string, unknown>[]> {
  const { rows } = await database.pool.query<Record<string, unknown>>(
    'SELECT * FROM inbox_message WHERE id = ANY($1::uuid[]) ORDER BY id',
    [ids],
  );
  return rows;
}

describe('the mailbox', () => {
  it('has stored a message when its put resolves', async () => {
    const letter = message();
    await mailbox.put(letter);
    expect(await stored([letter.deliveryId])).toMatchObject([
      {
        owner: 'anna',
        event_id: eventId,
        event_type: 'stock.low',
        title: 'Low stock',
        text: 'Осталось 3 📦',
        read_at: null,
      },
    ]);
  });

  it('keeps the first copy of a delivery, also when both come at once', async () => {
    const letter = message();
    await Promise.all([mailbox.put(letter), mailbox.put({ ...letter, text: 'again' })]);
    await mailbox.put({ ...letter, text: 'and again' });
    expect(await stored([letter.deliveryId])).toHaveLength(1);
    expect(await stored([letter.deliveryId])).not.toMatchObject([{ text: 'and again' }]);
  });

  it('shares few statements among many messages', async () => {
    let statements = 0;
    const query = (...args: unknown[]) => (
      (statements += 1),
      (database.pool.query as (...args: unknown[]) => unknown)(...args)
    );
    const counting = createMailbox({ pool: { query } as never });
    const letters = Array.from({ length: 300 }, () => message());
    await Promise.all(letters.map((letter) => counting.put(letter)));
    expect(await stored(letters.map((letter) => letter.deliveryId))).toHaveLength(300);
    expect(statements).toBeLessThanOrEqual(3);
    await counting.close();
  });

  it('lets no character spoil the batch', async () => {
    const [bad, good] = [message({ title: 'a\0', text: 'b\0c' }), message({ title: undefined })];
    await Promise.all([mailbox.put(bad), mailbox.put(good)]);
    expect(await stored([bad.deliveryId, good.deliveryId])).toMatchObject([
      { title: 'a\uFFFD', text: 'b\uFFFDc' },
      { title: null },
    ]);
  });

  it('takes ids with and without their prefix', async () => {
    const letter = message();
    await mailbox.put({
      ...letter,
      deliveryId: `dlv_${letter.deliveryId}`,
      event: { id: `evt_${eventId}`, type: 't' },
    });
    expect(await stored([letter.deliveryId])).toMatchObject([{ event_id: eventId }]);
  });

  it('announces every message that is new, and only those', async () => {
    const heard: string[] = [];
    const listener = createListener(database, { log: createLogger('test', 'silent') });
    listener.on(inboxChannel, (payload) => heard.push(payload));
    await listener.start();
    const letter = message({ to: 'board "A"' });
    const last = message({ to: 'last' });
    await mailbox.put(letter);
    await mailbox.put(letter);
    await mailbox.put(last);
    await waitFor(() => heard.some((payload) => payload.includes(last.deliveryId)), { what: 'the last announcement' });
    expect(heard.map((payload) => JSON.parse(payload) as unknown)).toEqual([
      { owner: 'board "A"', id: letter.deliveryId },
      { owner: 'last', id: last.deliveryId },
    ]);
    await listener.close();
  });
});

describe('the order of arrival', () => {
  it('is that of the announcements', async () => {
    const heard: string[] = [];
    const listener = createListener(database, { log: createLogger('test', 'silent') });
    listener.on(inboxChannel, (payload) => heard.push((JSON.parse(payload) as { id: string }).id));
    await listener.start();
    const letters = Array.from({ length: 300 }, () => message()).reverse();
    await Promise.all(letters.map((letter) => mailbox.put(letter)));
    await waitFor(() => heard.length >= letters.length, { what: 'all announcements' });
    expect(heard).toEqual(letters.map((letter) => letter.deliveryId));
    await listener.close();
  });

  const arrivals = async (letters: readonly MailboxMessage[]) => {
    const { rows } = await database.pool.query<{ id: string; arrived: string }>(
      'SELECT id, arrived FROM inbox_message WHERE id = ANY($1::uuid[]) ORDER BY arrived',
      [letters.map((letter) => letter.deliveryId)],
    );
    return rows;
  };

  it('is that of the puts, whatever the ids of the deliveries, in UUIDv7 of their time', async () => {
    const letters = Array.from({ length: 500 }, () => message()).reverse();
    const before = Date.now();
    await Promise.all(letters.map((letter) => mailbox.put(letter)));
    const rows = await arrivals(letters);
    expect(rows.map(({ id }) => id)).toEqual(letters.map((letter) => letter.deliveryId));
    for (const { arrived } of rows) {
      expect(fromPublicId('delivery', arrived)).toBe(arrived);
      expect(uuidTimeMs(arrived)).toBeGreaterThanOrEqual(before - 1000);
      expect(uuidTimeMs(arrived)).toBeLessThanOrEqual(Date.now() + 1000);
    }
  });

  it('stays that of the first put when a delivery is put again', async () => {
    const letters = [message(), message()];
    for (const letter of letters) await mailbox.put(letter);
    const before = await arrivals(letters);
    await mailbox.put(letters[0]!);
    expect(await arrivals(letters)).toEqual(before);
  });

  it('is the order in which messages become visible: the later waits for the commit of the earlier', async () => {
    const [earlier, later] = [message(), message()];
    const client = await database.pool.connect();
    const slow = createMailbox({ pool: client as never });
    await client.query('BEGIN');
    await slow.put(earlier);
    const put = mailbox.put(later);
    await waitFor(
      async () =>
        (
          await database.pool.query(
            `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          )
        ).rowCount,
      { what: 'the later put to wait' },
    );
    expect(await arrivals([earlier, later])).toEqual([]);
    await client.query('COMMIT');
    client.release();
    await put;
    expect((await arrivals([earlier, later])).map(({ id }) => id)).toEqual([earlier.deliveryId, later.deliveryId]);
  });

  it('goes on when the clock of the database was set back', async () => {
    await database.pool.query(`UPDATE inbox_clock SET last = now() + interval '1 hour'`);
    const letters = [message(), message(), message()];
    for (const letter of letters) await mailbox.put(letter);
    const rows = await arrivals(letters);
    expect(rows.map(({ id }) => id)).toEqual(letters.map((letter) => letter.deliveryId));
    expect(uuidTimeMs(rows[0]!.arrived)).toBeGreaterThan(Date.now() + 3_500_000);
    await database.pool.query(`UPDATE inbox_clock SET last = now()`);
  });

  it('lets a reader who follows several couriers miss nothing', async () => {
    const others = [createMailbox(database), createMailbox(database)];
    const inbox = createInboxReading(database);
    const letters = Array.from({ length: 600 }, () => message({ to: 'follower' }));
    const puts = Promise.all(letters.map((letter, n) => others[n % 2]!.put(letter)));
    let place = '00000000-0000-0000-0000-000000000000';
    const seen: string[] = [];
    await waitFor(
      async () => {
        for (const { arrived, message: found } of await inbox.after('follower', place, 1000)) {
          place = arrived;
          seen.push(found.id);
        }
        return seen.length >= letters.length;
      },
      { what: 'all messages to be read', pollMs: 1 },
    );
    await puts;
    expect([...seen].sort()).toEqual(letters.map((letter) => `dlv_${letter.deliveryId}`).sort());
    for (const other of others) await other.close();
  });
});
