/** Events and what became of them. */
import {
  HouseError,
  storyLimits,
  toPublicId,
  uuidFloor,
  uuidTimeMs,
  type EventState,
  type EventStory,
  type EventView,
  type Page,
  type TrailEntry,
} from '#contract';
import { inTransaction, type Database } from '../database.ts';
import { recordChange } from '../management/audit.ts';
import { readDeliveriesOf } from './deliveries.ts';
import { boundIds, clockSlackMs, Conditions, toPage, type Span } from './keyset.ts';
import { eventColumns, toEventView, type EventRecord } from './rows.ts';

/** Which events are asked for. */
export interface EventQuery extends Span {
  type?: string | undefined;
  source?: string | undefined;
  subject?: string | undefined;
  state?: EventState | undefined;
  correlationKey?: string | undefined;
}

/** Events that fit, newest first. Throws CURSOR_INVALID. */
export async function listEvents({ pool }: Pick<Database, 'pool'>, query: EventQuery): Promise<Page<EventView>> {
  const where = new Conditions();
  boundIds(where, query, 'id');
  where.when(query.type, 'type =');
  where.when(query.source, 'source =');
  where.when(query.subject, 'subject =');
  where.when(query.state, 'state =');
  where.when(query.correlationKey, 'correlation_key =');
  const { rows } = await pool.query<EventRecord>(
    `SELECT ${eventColumns} FROM event WHERE ${where.toSql()} ORDER BY id DESC LIMIT ${where.parameter(query.limit + 1)}`,
    where.values,
  );
  return toPage(rows, query.limit, toEventView);
}

/** The whole story of an event; `undefined` when there is none. Takes the bare id. */
export async function getEvent({ pool }: Pick<Database, 'pool'>, id: string): Promise<EventStory | undefined> {
  const { rows } = await pool.query<EventRecord & { trail: TrailEntry[] | null }>(
    `SELECT ${eventColumns}, trail FROM event WHERE id = $1`,
    [id],
  );
  if (!rows[0]) return undefined;
  const floor = uuidFloor(uuidTimeMs(id) - clockSlackMs);
  const deliveries = await readDeliveriesOf(pool, id, floor, storyLimits.deliveries + 1);
  return {
    ...toEventView(rows[0]),
    ...(rows[0].trail ? { recipients: rows[0].trail } : {}),
    deliveries: deliveries.slice(0, storyLimits.deliveries),
    moreDeliveries: deliveries.length > storyLimits.deliveries,
  };
}

/**
 * Makes a routed event wait for routing again, and records that. Takes the bare id. Throws NOT_FOUND, and STATE_CONFLICT
 * when it waits already. The caller rings.
 */
export async function replayEvent(
  { pool, events }: Pick<Database, 'pool' | 'events'>,
  id: string,
  actor: string,
): Promise<void> {
  // What is remembered of it names the rule book of its first time.
  events.forget(id);
  await inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ state: EventState }>('SELECT state FROM event WHERE id = $1 FOR UPDATE', [
      id,
    ]);
    const before = rows[0];
    if (!before) throw new HouseError('NOT_FOUND', { detail: `There is no event ${toPublicId('event', id)}.` });
    if (before.state === 'accepted') {
      throw new HouseError('STATE_CONFLICT', {
        detail: 'The event is `accepted`: it has yet to be routed. It can be replayed once it is.',
      });
    }
    await client.query(`UPDATE event SET state = 'accepted' WHERE id = $1`, [id]);
    await recordChange(client, {
      actor,
      action: 'replay',
      noun: 'event',
      name: toPublicId('event', id),
      before: { state: before.state },
    });
  });
}
