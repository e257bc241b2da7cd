import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidFloor } from '#contract';
import { freshDatabase, type FreshDatabase } from '#testing/services';
import { uuidv7 } from 'uuidv7';
import { openDatabase, type Database } from '../database.ts';
import { createMailbox, type Mailbox } from '../management/mailbox.ts';
import { createInboxReading, type InboxReading } from './inbox.ts';

let fresh: FreshDatabase;
let database: Database;
let mailbox: Mailbox;
let inbox: InboxReading;
const eventId = uuidv7();

/** Puts so many messages into an inbox; answers their ids, oldest first. */
async function fill(owner: string, size: number): Promise<string[]> {
  const ids = Array.from({ length: size }, () => uuidv7());
  await Promise.all(
    ids.map((id, n) => mailbox.put({ deliveryId: id, to: owner, text: `№ ${n}`, event: { id: eventId, type: 't' } })),
  );
  return ids;
}

const shown = (ids: readonly string[]) => ids.map((id) => `dlv_${id}`);
const idsOf = (items: readonly { id: string }[]) => items.map((item) => item.id);

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ connectionString: fresh.url, poolSize: 4, onError: () => undefined });
  mailbox = createMailbox(database);
  inbox = createInboxReading(database);
});
afterAll(async () => {
  await mailbox.close();
  await database.close();
  await fresh.drop();
});

describe('an inbox', () => {
  it('lists its own messages only, newest first, a page at a time', async () => {
    const ids = await fill('anna', 3);
    await fill('boris', 1);
    const first = await inbox.list('anna', { limit: 2 });
    expect(idsOf(first.items)).toEqual(shown([ids[2]!, ids[1]!]));
    expect(first.items[1]).toEqual({
      id: `dlv_${ids[1]}`,
      eventId: `evt_${eventId}`,
      eventType: 't',
      text: '№ 1',
      at: expect.any(String),
    });
    const second = await inbox.list('anna', { limit: 2, cursor: first.next });
    expect(idsOf(second.items)).toEqual(shown([ids[0]!]));
    expect(second.next).toBeUndefined();
  });

  it('counts what is unread and marks it read by id, up to one, or whole', async () => {
    const ids = await fill('clara', 6);
    await inbox.markRead('clara', { ids: [ids[5]!] });
    expect(await inbox.unreadCount('clara')).toBe(5);
    await inbox.markRead('clara', { upTo: ids[1]! });
    expect(await inbox.unreadCount('clara')).toBe(3);
    const unread = await inbox.list('clara', { limit: 10, unread: true });
    expect(idsOf(unread.items)).toEqual(shown([ids[4]!, ids[3]!, ids[2]!]));
    await inbox.markRead('clara', {});
    expect(await inbox.unreadCount('clara')).toBe(0);
    expect((await inbox.list('clara', { limit: 1 })).items[0]!.readAt).toBeDefined();
  });

  it('does not touch the inbox of another, nor the time of what was read before', async () => {
    const [mine] = await fill('dora', 1);
    const [theirs] = await fill('egon', 1);
    await inbox.markRead('dora', { ids: [mine!, theirs!] });
    expect(await inbox.unreadCount('egon')).toBe(1);
    const readAt = (await inbox.list('dora', { limit: 1 })).items[0]!.readAt;
    await inbox.markRead('dora', {});
    expect((await inbox.list('dora', { limit: 1 })).items[0]!.readAt).toBe(readAt);
  });

  it('stops counting at a thousand', async () => {
    await fill('full', 1001);
    expect(await inbox.unreadCount('full')).toBe(1000);
  });

  it('tells what arrived after a message, oldest first, and finds messages by id', async () => {
    const ids = await fill('frieda', 4);
    const place = await inbox.arrivalOf('frieda', ids[0]!);
    const after = await inbox.after('frieda', place, 2);
    expect(idsOf(after.map(({ message }) => message))).toEqual(shown([ids[1]!, ids[2]!]));
    expect(await inbox.byIds([ids[1]!, ids[0]!, uuidv7()])).toMatchObject([
      { owner: 'frieda', arrived: place, message: { id: `dlv_${ids[0]}` } },
      { owner: 'frieda', arrived: after[0]!.arrived, message: { id: `dlv_${ids[1]}` } },
    ]);
    expect(await inbox.newestArrival('frieda')).toBe(await inbox.arrivalOf('frieda', ids[3]!));
    expect(await inbox.newestArrival('nobody')).toBeUndefined();
  });

  it('goes by arrival: a delivery that took an hour comes last, at the time it came', async () => {
    const hourOld = uuidFloor(Date.now() - 3_600_000).replace('-0000-0000-', '-7000-8000-');
    const [first] = await fill('gustav', 1);
    await mailbox.put({ deliveryId: hourOld, to: 'gustav', text: 'late', event: { id: eventId, type: 't' } });
    const [newest, oldest] = (await inbox.list('gustav', { limit: 10 })).items;
    expect([newest!.id, oldest!.id]).toEqual(shown([hourOld, first!]));
    expect(Math.abs(Date.parse(newest!.at) - Date.now())).toBeLessThan(60_000);
    await inbox.markRead('gustav', { upTo: first! });
    expect(idsOf((await inbox.list('gustav', { limit: 10, unread: true })).items)).toEqual(shown([hourOld]));
    const page = await inbox.list('gustav', { limit: 1 });
    expect(idsOf((await inbox.list('gustav', { limit: 1, cursor: page.next })).items)).toEqual(shown([first!]));
  });

  it('gives a message that it does not hold a place that is not after its own', async () => {
    const [theirs] = await fill('helga', 1);
    expect(await inbox.arrivalOf('ida', theirs!)).toBe(theirs);
    expect(theirs! < (await inbox.arrivalOf('helga', theirs!))).toBe(true);
  });
});
