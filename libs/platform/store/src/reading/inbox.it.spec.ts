import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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

  it('tells what came after a message, oldest first, and finds messages by id', async () => {
    const ids = await fill('frieda', 4);
    expect(idsOf(await inbox.after('frieda', ids[0]!, 2))).toEqual(shown([ids[1]!, ids[2]!]));
    expect(await inbox.byIds([ids[1]!, ids[0]!, uuidv7()])).toMatchObject([
      { id: `dlv_${ids[0]}`, owner: 'frieda' },
      { id: `dlv_${ids[1]}`, owner: 'frieda' },
    ]);
  });
});
