/** What the specs of this folder look at: streams, connections, and everything that is stored. */
import type { Backtest } from '#contract';
import { keyHeader, type SpecApp } from '../events/spec-app.ts';

/** Server-sent events until the stream ends. */
export async function* listen(app: SpecApp, id: string): AsyncGenerator<{ event: string; data: Backtest }> {
  const answer = await fetch(`${app.base}/v1/backtests/${id}/stream`, { headers: keyHeader('read') });
  let text = '';
  for await (const bytes of answer.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + bytes).split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const [, event, data] = /event: (\w+)\n(?:id: .*\n)?data: (.*)$/m.exec(block) ?? [];
      if (event) yield { event, data: JSON.parse(data!) as Backtest };
    }
  }
}

/** How many back-tests have a connection. */
export async function threads(app: SpecApp): Promise<number> {
  const sql = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'vestnik back-test'`;
  return (await app.database.pool.query(sql)).rowCount!;
}

/** Lets nobody look into the events until it is undone. */
export async function lockEvents(app: SpecApp): Promise<() => Promise<void>> {
  const client = await app.database.pool.connect();
  await client.query('BEGIN; LOCK TABLE event');
  return async () => {
    await client.query('ROLLBACK');
    client.release();
  };
}

/** Whether one waits for the events. */
export async function isWaiting(app: SpecApp): Promise<boolean> {
  const sql = `SELECT FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'vestnik back-test' AND wait_event_type = 'Lock'`;
  return (await app.database.pool.query(sql)).rowCount === 1;
}

/** Everything that is stored, but for the records of back-tests. */
export async function everything(app: SpecApp): Promise<Record<string, unknown>> {
  const { rows } = await app.database.pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND relname <> 'backtest'`,
  );
  const sizes = rows.map(async ({ name }): Promise<[string, unknown]> => [
    name,
    (
      await app.database.pool.query(
        `SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) AS md5 FROM "${name}" t`,
      )
    ).rows[0],
  ]);
  return Object.fromEntries(await Promise.all(sizes));
}
