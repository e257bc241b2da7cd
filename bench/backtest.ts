/**
 * `npm run bench -- backtest`: a draft tried on a million stored events, by the clock, by memory, and by what it costs those who
 * are sending meanwhile. BENCH_EVENTS changes the number of stored events, BENCH_DAYS the days that they are spread over.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Backtest } from '#contract';
import { ensurePartitions, openDatabase, type Database } from '#platform/store';
import { cpuSeconds, memoryMib, peakMemoryMib, type Served } from './children.ts';
import { steady, type Measured, type Target } from './load.ts';
import { key, onStand, put, type Stand } from './stand.ts';

const stored = Number(process.env['BENCH_EVENTS'] ?? 1_000_000);
const days = Number(process.env['BENCH_DAYS'] ?? 7);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const perSecond = 200;
const loadSeconds = 20;
const dayMs = 86_400_000;
const ruleCount = 200;
const people = 50;
const groups = 10;
const types = 40;
/** Events that one statement writes. */
const chunk = 50_000;

// Everything of an event follows from its number by multiplication with odd constants, so that every run stores the same.
const fillSql = `
INSERT INTO event (id, source, type, subject, time, correlation_key, data, state, rules)
SELECT (lpad(to_hex(at), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid,
  'erp-' || n * 7919 % 5, 'erp.' || a % ${types}, 'order/' || n, to_timestamp(at / 1000.0), 'order/' || n,
  json_build_object('order', '4711-' || n, 'warehouse', 'W' || b % 30, 'qty', b % 1000, 'amount', c % 100000 / 100.0, 'customer', 'ООО «Ромашка ' || c % 500 || '»',
    'status', (ARRAY['new', 'paid', 'late', 'blocked', 'shipped'])[1 + c % 5],
    'lines', json_build_array(json_build_object('sku', 'A-' || a % 900, 'qty', 1 + b % 9), json_build_object('sku', 'B-' || c % 900, 'qty', 1 + c % 7))),
  'routed', '{}'
FROM (SELECT n, $1::bigint + n * $2::bigint / $3::bigint AS at, n * 2654435761 % 1000003 AS a, n * 40503 % 999983 AS b, n * 2246822519 % 1000033 AS c
      FROM generate_series($4::bigint, $5::bigint) AS n) AS made`;

async function fill(database: Database, note: Stand['note']): Promise<void> {
  const toMs = Date.now() - 60_000;
  const fromMs = toMs - days * dayMs;
  for (let day = 0; day <= days; day += 1) await ensurePartitions(database, fromMs + day * dayMs, 0);
  for (let first = 0; first < stored; first += chunk) {
    const last = Math.min(stored, first + chunk) - 1;
    await database.pool.query(fillSql, [fromMs, toMs - fromMs, stored, first, last]);
  }
  await database.pool.query('VACUUM (ANALYZE) event');
  note(`${stored} events of ${days} days are stored`);
}

/** Most rules are narrow, as in a book that works; every tenth tells somebody of all events of a type. */
function ruleAt(n: number): object {
  const data =
    n % 10 === 0
      ? {}
      : n % 3 === 0
        ? { qty: [{ numeric: ['<', 20 + (n % 50)] }] }
        : n % 3 === 1
          ? { status: [{ 'anything-but': ['new', 'paid'] }], warehouse: [`W${n % 30}`, `W${(n * 7) % 30}`] }
          : { lines: { sku: [{ prefix: `A-${n % 9}` }], qty: [{ numeric: ['>', 6] }] }, customer: [{ exists: true }] };
  return {
    match: { type: [`erp.${n % types}`], ...(Object.keys(data).length > 0 ? { data } : {}) },
    notify: [{ to: [`group:g${n % groups}`], via: ['box'], strategy: 'first' }],
  };
}

function folder(): Record<string, string> {
  const files: [string, object][] = [];
  files.push(['recipients/bench', { displayName: 'Bench', addresses: [{ backend: 'sink', to: 'bench' }] }]);
  for (let n = 0; n < people; n += 1) {
    const slug = `p${n}`;
    files.push([
      `recipients/${slug}`,
      { displayName: slug, addresses: [{ backend: 'box', to: slug }], groups: [`g${n % groups}`] },
    ]);
  }
  for (let n = 0; n < ruleCount - 1; n += 1) files.push([`rules/r${n}`, ruleAt(n)]);
  files.push(['rules/bench', { match: { type: ['bench.event'] }, notify: [{ to: ['recipient:bench'] }] }]);
  return Object.fromEntries(files.map(([path, body]) => [`${path}.yaml`, JSON.stringify(body)]));
}

async function ask<T>(url: string, method: string, path: string, body?: object): Promise<T> {
  const headers = { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) };
  const answer = await fetch(url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** A draft that makes five rules narrower, sends five to another group, and has a new one. */
async function makeDraft(url: string): Promise<string> {
  const { id } = await ask<{ id: string }>(url, 'POST', '/v1/drafts', {});
  for (let n = 0; n < 10; n += 1) {
    const rule = ruleAt(n) as { match: { data?: object } };
    const changed =
      n < 5
        ? { ...rule, match: { ...rule.match, data: { ...rule.match.data, qty: [{ numeric: ['<', 5] }] } } }
        : { ...rule, notify: [{ to: ['group:g0'] }] };
    await put(url, `/v1/drafts/${id}/rules/r${n}`, changed);
  }
  await put(url, `/v1/drafts/${id}/rules/new`, { match: { type: ['erp.1'] }, notify: [{ to: ['recipient:p7'] }] });
  return id;
}

const begin = async (url: string, draft: string) =>
  (await ask<{ id: string }>(url, 'POST', `/v1/drafts/${draft}/backtests`, { days: days + 1 })).id;

async function untilDone(url: string, id: string, watch: () => void): Promise<Backtest> {
  for (;;) {
    const backtest = await ask<Backtest>(url, 'GET', `/v1/backtests/${id}`);
    watch();
    if (backtest.state !== 'running') return backtest;
    await pause(500);
  }
}

async function alone(vestnik: Served, draft: string): Promise<void> {
  const [rss, cpu] = [memoryMib(vestnik.pid), cpuSeconds([vestnik.pid])];
  let most = rss;
  const id = await begin(vestnik.url, draft);
  const { state, error, progress, result } = await untilDone(
    vestnik.url,
    id,
    () => (most = Math.max(most, memoryMib(vestnik.pid))),
  );
  if (!result) throw new Error(`the back-test is ${state}: ${error}`);
  const busy = (cpuSeconds([vestnik.pid]) - cpu) / progress.seconds;
  const rows = [
    ['events', result.events.toLocaleString('en')],
    [
      'messages before / after',
      `${result.messages.before.toLocaleString('en')} / ${result.messages.after.toLocaleString('en')}`,
    ],
    ['events that differ', result.differing.toLocaleString('en')],
    ['time', `${progress.seconds.toFixed(1)} s`],
    ['events/s', Math.round(result.events / progress.seconds).toLocaleString('en')],
    ['cores used by the process', busy.toFixed(2)],
    ['memory before / during / most ever', `${rss} / ${most} / ${peakMemoryMib(vestnik.pid)} MiB`],
    ['size of the result', `${Math.round(JSON.stringify(result).length / 1024)} KiB`],
  ];
  process.stdout.write(
    `\n| one back-test | |\n|---|---:|\n${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`,
  );
}

/** Live load without and with a back-test, in turns. */
async function beside(vestnik: Served, target: Target, draft: string, note: Stand['note']): Promise<void> {
  const found: { quiet: Measured[]; busy: Measured[] } = { quiet: [], busy: [] };
  await steady(target, perSecond, 5);
  for (let round = 1; round <= rounds; round += 1) {
    for (const what of round % 2 ? (['quiet', 'busy'] as const) : (['busy', 'quiet'] as const)) {
      const id = what === 'busy' ? await begin(vestnik.url, draft) : undefined;
      const measured = await steady(target, perSecond, loadSeconds);
      const { state } = id ? await ask<Backtest>(vestnik.url, 'GET', `/v1/backtests/${id}`) : { state: 'none' };
      if (id) await ask(vestnik.url, 'DELETE', `/v1/backtests/${id}`);
      found[what].push(measured);
      note(`round ${round}, ${what} (${state} at the end): p50 ${measured.p50Ms} ms, p99 ${measured.p99Ms} ms`);
    }
  }
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
  const row = (name: string, list: Measured[]) =>
    `| ${name} | ${median(list.map(({ p50Ms }) => p50Ms))} | ${median(list.map(({ p99Ms }) => p99Ms))} | ${list.map(({ p99Ms }) => p99Ms).join(', ')} |`;
  const head = `| ${perSecond} events/s for ${loadSeconds} s | p50 ms | p99 ms | p99 of each round |\n|---|---:|---:|---|`;
  process.stdout.write(`\n${head}\n${row('alone', found.quiet)}\n${row('beside a back-test', found.busy)}\n`);
}

async function measure(stand: Stand): Promise<void> {
  const sink = await stand.serve('bench/sink.js');
  const vestnik = await stand.serveVestnik();
  const database = openDatabase({ connectionString: stand.env.DATABASE_URL, poolSize: 1, onError: () => undefined });
  await fill(database, stand.note).finally(() => database.close());
  await put(vestnik.url, '/v1/backends/box', { type: 'inbox', settings: {} });
  await put(vestnik.url, '/v1/backends/sink', { type: 'webhook', settings: { url: `${sink.url}/hook` } });
  await put(vestnik.url, '/v1/rule-book', { files: folder() });
  const draft = await makeDraft(vestnik.url);
  await alone(vestnik, draft);
  await beside(vestnik, { url: vestnik.url, key, sinkUrl: sink.url }, draft, stand.note);
}

await onStand(measure);
