import type { Database } from '../database.ts';

/** What waits for one backend. */
export interface WaitingRoom {
  /** Deliveries that are not finished. */
  waiting: number;
  /** Those of them that wait for somebody to come online. */
  held: number;
  /** When the oldest of them was made; what waits for its hours counts as made now. */
  oldestAt: Date;
}

/** Counts what waits, by backend; a backend that nothing waits for is absent. Walks over all that waits. */
export async function countWaiting({ pool }: Pick<Database, 'pool'>): Promise<Map<string, WaitingRoom>> {
  const { rows } = await pool.query<{ backend: string; waiting: string; held: string; oldest_at: Date }>(
    `SELECT backend, count(*) AS waiting, count(*) FILTER (WHERE state = 'waiting' AND held_since IS NOT NULL) AS held, least(min(opened_at), now()) AS oldest_at
     FROM delivery WHERE finished_at IS NULL GROUP BY backend`,
  );
  return new Map(
    rows.map((row) => [row.backend, { waiting: Number(row.waiting), held: Number(row.held), oldestAt: row.oldest_at }]),
  );
}
