import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type FreshDatabase } from '#testing/services';
import { uuidv7 } from 'uuidv7';
import { openDatabase, type Database } from '../database.ts';
import { ensurePartitions } from '../flow/index.ts';
import { createAudit } from '../management/audit.ts';
import { createReading, type Reading } from './reading.ts';
import { attempt, bad, makeDead, makeDelivery, makeEvent } from './spec-facts.ts';

let fresh: FreshDatabase;
let database: Database;
let reading: Reading;
const nowMs = Date.now();

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ connectionString: fresh.url, poolSize: 4, onError: () => undefined });
  await ensurePartitions(database, nowMs, 2);
  reading = createReading(database);
});
afterAll(async () => {
  await database.close();
  await fresh.drop();
});

describe('a redrive', () => {
  it('makes a dead letter pending, due now, with its history kept', async () => {
    const id = await makeDead(database);
    await database.pool.query(`UPDATE delivery SET opened_at = now() - interval '3 days' WHERE id = $1`, [id]);
    expect(await reading.redrive({ ids: [id, id] }, 'ops')).toEqual({
      redriven: [{ id, backend: 'inbox' }],
      notFound: [],
      notDead: [],
    });
    const { rows } = await database.pool.query<Record<string, unknown>>(
      `SELECT state, attempts, parts_sent, finished_at, lease, last_outcome, due_at <= now() AS due, opened_at > now() - interval '1 minute' AS reopened
       FROM delivery WHERE id = $1`,
      [id],
    );
    expect(rows).toEqual([
      {
        state: 'pending',
        attempts: 1,
        parts_sent: 1,
        finished_at: null,
        lease: null,
        last_outcome: bad,
        due: true,
        reopened: true,
      },
    ]);
    await attempt(database, id, 'delivered', { kind: 'delivered', reason: 'ok' });
    expect((await reading.getDelivery(id))!.attemptLog.map((entry) => entry.number)).toEqual([1, 2]);
  });

  it('tells which ids it does not know and which are not dead', async () => {
    const [alive, dead, nobody] = [
      await makeDelivery(database, await makeEvent(database)),
      await makeDead(database),
      uuidv7(),
    ];
    const answer = await reading.redrive({ ids: [alive, dead, nobody] }, 'ops');
    expect(answer).toEqual({ redriven: [{ id: dead, backend: 'inbox' }], notFound: [nobody], notDead: [alive] });
  });

  it('takes only what fits every field of the filter', async () => {
    const id = await makeDead(database, { backend: 'hq', rule: 'r1', recipient: 'boris' }, bad, { type: 'filtered' });
    await makeDead(
      database,
      { backend: 'hq', rule: 'r2', recipient: 'boris' },
      { kind: 'permanent', reason: 'http_404' },
      { type: 'filtered-not' },
    );
    for (const filter of [
      { rule: 'r9' },
      { reason: 'http_500' },
      { reason: 'http_40' },
      { eventType: 'nothing' },
      { to: '2020-01-01T00:00:00Z' },
    ]) {
      expect((await reading.redrive({ filter: { backend: 'hq', ...filter } }, 'ops')).redriven).toEqual([]);
    }
    const from = new Date(nowMs - 1000).toISOString();
    const filter = { backend: 'hq', rule: 'r1', recipient: 'boris', eventType: 'filtered', reason: 'http_400', from };
    expect((await reading.redrive({ filter }, 'ops')).redriven).toEqual([{ id, backend: 'hq' }]);
  });

  it('works through thousands in chunks and leaves one audit entry with the sum', async () => {
    const ids = Array.from({ length: 2500 }, () => uuidv7());
    await database.pool.query(
      `INSERT INTO delivery (id, event_id, rule, backend, address, address_kind, message, state, finished_at, dead_at)
       SELECT id, id, 'r', 'bulk', 'a', 'person', '{"markdown":""}', 'dead', now(), now() FROM unnest($1::uuid[]) AS t(id)`,
      [ids],
    );
    const answer = await reading.redrive({ filter: { backend: 'bulk' } }, 'bulk-ops');
    expect(answer.redriven.map(({ id }) => id).toSorted()).toEqual(ids);
    const entries = await createAudit(database).list({ actor: 'bulk-ops', limit: 10 });
    expect(entries).toMatchObject([
      { action: 'redrive', noun: 'delivery', after: { redriven: 2500, filter: { backend: 'bulk' } } },
    ]);
  });

  it('gives each dead letter to one of two that ask at once', async () => {
    const ids = [];
    for (let n = 0; n < 6; n += 1) ids.push(await makeDead(database, { backend: 'race' }));
    const answers = await Promise.all([1, 2].map(() => reading.redrive({ filter: { backend: 'race' } }, 'ops')));
    expect(answers.flatMap((answer) => answer.redriven.map(({ id }) => id)).toSorted()).toEqual(ids);
  });

  it('leaves no audit entry when there was nothing to do', async () => {
    await reading.redrive({ filter: { backend: 'nowhere' } }, 'idle-ops');
    expect(await createAudit(database).list({ actor: 'idle-ops', limit: 1 })).toEqual([]);
  });
});

describe('a replay', () => {
  it('makes a routed event wait for routing again, and is recorded', async () => {
    const eventId = await makeEvent(database);
    await makeDelivery(database, eventId);
    await reading.replay(eventId, 'replayer');
    expect(await reading.getEvent(eventId)).toMatchObject({ state: 'accepted' });
    const entries = await createAudit(database).list({ actor: 'replayer', limit: 2 });
    expect(entries).toMatchObject([
      { action: 'replay', noun: 'event', name: `evt_${eventId}`, before: { state: 'routed' } },
    ]);
  });

  it('is refused for an event that waits already, and for one that is not there', async () => {
    await expect(reading.replay(await makeEvent(database), 'ops')).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await expect(reading.replay(uuidv7(), 'ops')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
