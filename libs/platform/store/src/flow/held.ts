/** Deliveries that wait for somebody to come online. */
import type { Database } from '../database.ts';

/** Whether it is this caller's turn to ask a backend who is online; then nobody else's for `everyMs` milliseconds. */
export async function takePresenceLook(
  database: Pick<Database, 'pool'>,
  backend: string,
  everyMs: number,
): Promise<boolean> {
  const { rowCount } = await database.pool.query({
    name: 'take_presence_look',
    text: `INSERT INTO presence_look (backend, next_at) VALUES ($1, now() + $2 * interval '1 millisecond')
           ON CONFLICT (backend) DO UPDATE SET next_at = EXCLUDED.next_at WHERE presence_look.next_at <= now()`,
    values: [backend, everyMs],
  });
  return rowCount === 1;
}

/** Addresses of a backend that something is held for, in order, at most `limit`, from after `after` on. */
export async function heldAddresses(
  database: Pick<Database, 'pool'>,
  backend: string,
  limit: number,
  after = '',
): Promise<string[]> {
  const { rows } = await database.pool.query<{ address: string }>({
    name: 'held_addresses',
    text: `SELECT DISTINCT address FROM delivery
           WHERE backend = $1 AND finished_at IS NULL AND held_since IS NOT NULL AND state = 'waiting' AND address > $2
           ORDER BY address LIMIT $3`,
    values: [backend, after, limit],
  });
  return rows.map(({ address }) => address);
}

/** Makes due now what is held for the given addresses. Answers the ids, to be rung for. */
export async function releaseHeld(
  database: Pick<Database, 'pool'>,
  backend: string,
  addresses: readonly string[],
): Promise<string[]> {
  const { rows } = await database.pool.query<{ id: string }>({
    name: 'release_held',
    text: `UPDATE delivery SET due_at = now()
           WHERE backend = $1 AND finished_at IS NULL AND held_since IS NOT NULL AND state = 'waiting' AND address = ANY($2::text[])
           RETURNING id`,
    values: [backend, addresses],
  });
  return rows.map(({ id }) => id).sort();
}
