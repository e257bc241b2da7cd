import type { World } from './world.ts';

/** First `arrived` of all. */
const before = '00000000-0000-0000-0000-000000000000';

/** Makes what carries the messages of the built-in inbox into the ledger, as if it were a sink; each call brings what is new. */
export function createInboxReader(world: World): () => Promise<void> {
  let last = before;
  return async () => {
    const rows = await world.ask<{ id: string; owner: string; key: string; arrived: string }>(
      `SELECT m.id, m.owner, e.idempotency_key AS key, m.arrived
       FROM inbox_message m JOIN event e ON e.id = m.event_id WHERE m.arrived > $1 ORDER BY m.arrived`,
      [last],
    );
    for (const { id, owner, key, arrived } of rows)
      world.ledger.arrive({ key, target: `inbox/${owner}`, deliveryId: `dlv_${id}`, at: momentOf(arrived), ok: true });
    last = rows.at(-1)?.arrived ?? last;
  };
}

/** The milliseconds since 1970 that a UUIDv7 begins with. */
function momentOf(id: string): number {
  return parseInt(id.replaceAll('-', '').slice(0, 12), 16);
}
