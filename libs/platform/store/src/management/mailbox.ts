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

/** Channel on which every stored message is announced, as JSON `{owner, id}`. */
export const inboxChannel = 'vestnik_inbox';

const putSql = `
WITH stored AS (
  INSERT INTO inbox_message (id, owner, event_id, event_type, title, text)
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[])
  ON CONFLICT (id) DO NOTHING RETURNING id, owner
)
SELECT pg_notify('${inboxChannel}', json_build_object('owner', owner, 'id', id)::text) FROM stored`;

/** Makes the mailbox. */
export function createMailbox(database: Pick<Database, 'pool'>): Mailbox {
  const batcher = createBatcher<MailboxMessage, void>({
    maxWeight: 200,
    maxWaitMs: 2,
    maxConcurrent: 2,
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
  // In the order of ids, so that two batches with the same deliveries wait for each other instead of dead-locking.
  const sorted = messages.toSorted((a, b) => (a.deliveryId < b.deliveryId ? -1 : 1));
  await database.pool.query({
    name: 'mailbox_put',
    text: putSql,
    values: [
      sorted.map((message) => message.deliveryId),
      sorted.map((message) => storable(message.to)),
      sorted.map((message) => message.event.id),
      sorted.map((message) => storable(message.event.type)),
      sorted.map((message) => (message.title === undefined ? null : storable(message.title))),
      sorted.map((message) => storable(message.text)),
    ],
  });
}

/** PostgreSQL has no character U+0000 in text; one such message must not spoil the batch. */
function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}
