/** The built-in inbox as the courier fills it: one copy per delivery, many messages per commit. */
import { fromPublicId } from '#contract';
import { createBatcher } from '../batcher.ts';
import type { Database } from '../database.ts';

/** What is put into the inbox: the part of an adapter's outbound message that is kept. */
export interface MailboxMessage {
  /** UUIDv7 of the delivery. */
  deliveryId: string;
  /** Whose inbox. */
  to: string;
  title?: string | undefined;
  text: string;
  event: { id: string; type: string };
}

/** The inboxes, for writing. */
export interface Mailbox {
  /** Stores a message once per delivery; resolves after the commit. */
  put(message: MailboxMessage): Promise<void>;
  /** Stores what waits. */
  close(): Promise<void>;
}

/** Channel on which every stored message is announced, as JSON `{owner, id}`, in the order of arrival. */
export const inboxChannel = 'vestnik_inbox';

// Moving the clock is the turnstile: the next batch waits until this one is committed, so messages appear in the order of
// `arrived`. That is a UUIDv7 (RFC 9562, 5.7): 48 bits of milliseconds, 12 bits of microseconds scaled to fill them (6.2,
// method 3), the variant with 14 bits for the place in the batch, and 48 random bits.
const putSql = `
WITH turn AS (
  UPDATE inbox_clock SET last = greatest(clock_timestamp(), last + interval '1 microsecond') WHERE id = 1 RETURNING last
), moment AS MATERIALIZED (
  SELECT (extract(epoch FROM last) * 1000000)::bigint AS us FROM turn
), stored AS (
  INSERT INTO inbox_message (id, owner, event_id, event_type, title, text, arrived)
  SELECT i.id, i.owner, i.event_id, i.event_type, i.title, i.text,
    (lpad(to_hex(us / 1000), 12, '0') || '7' || lpad(to_hex(us % 1000 * 4096 / 1000), 3, '0')
     || to_hex(32768 + i.place) || right(gen_random_uuid()::text, 12))::uuid
  FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[])
    WITH ORDINALITY AS i(id, owner, event_id, event_type, title, text, place)
  CROSS JOIN moment ORDER BY i.place
  ON CONFLICT (id) DO NOTHING RETURNING id, owner, arrived
)
SELECT pg_notify('${inboxChannel}', json_build_object('owner', owner, 'id', id)::text)
FROM (SELECT * FROM stored ORDER BY arrived) in_order`;

/** Makes the mailbox. */
export function createMailbox(database: Pick<Database, 'pool'>): Mailbox {
  const batcher = createBatcher<MailboxMessage, void>({
    maxWeight: 200,
    maxWaitMs: 2,
    // A second one would only wait in the database for the first.
    maxConcurrent: 1,
    run: async (messages) => {
      await store(database, messages);
      return messages.map(() => undefined);
    },
  });
  return {
    put: async (message) => {
      const deliveryId = fromPublicId('delivery', message.deliveryId);
      const eventId = fromPublicId('event', message.event.id);
      if (!deliveryId || !eventId) throw new Error('The inbox keeps messages by the UUIDv7 of delivery and event.');
      await batcher.add({ ...message, deliveryId, event: { id: eventId, type: message.event.type } });
    },
    close: () => batcher.close(),
  };
}

async function store(database: Pick<Database, 'pool'>, messages: MailboxMessage[]): Promise<void> {
  await database.pool.query({
    name: 'mailbox_put',
    text: putSql,
    values: [
      messages.map((message) => message.deliveryId),
      messages.map((message) => storable(message.to)),
      messages.map((message) => message.event.id),
      messages.map((message) => storable(message.event.type)),
      messages.map((message) => (message.title === undefined ? null : storable(message.title))),
      messages.map((message) => storable(message.text)),
    ],
  });
}

/** PostgreSQL has no character U+0000 in text; one such message must not spoil the batch. */
function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}
