import {
  fromPublicId,
  HouseError,
  toPublicId,
  type Backtest,
  type BacktestSummary,
  type NewBacktest,
  type Page,
  type PageQuery,
} from '#contract';
import type { Book } from '#domain/routing';
import { LOG, type Logger } from '#platform/log';
import {
  bookWithDraft,
  createBacktests,
  createDefinitions,
  createDrafts,
  DATABASE,
  newId,
  type Backtests,
  type Database,
  type Definitions,
  type Drafts,
  type StoredBook,
} from '#platform/store';
import { Inject, Injectable, Optional, type MessageEvent, type OnModuleDestroy } from '@nestjs/common';
import { Observable, type Subscriber } from 'rxjs';
import { faultsOfChanges } from '../rule-book/check-changes.ts';
import { bareId as bareDraftId, noDraft } from '../rule-book/draft-desk.ts';
import { BacktestRun } from './backtest-run.ts';
import { spanOf, toBacktest, toSummary } from './backtest-views.ts';
import { startThread, type Thread } from './thread.ts';
import type { ThreadOrder } from './work.ts';

/** Injection token of how back-tests run. */
export const BACKTEST_SETTINGS = Symbol('BACKTEST_SETTINGS');

/** How back-tests run. */
export interface BacktestSettings {
  /** Part of one core that one may use. */
  share: number;
  /** Time between two records of its progress, and two words on a stream about it, in milliseconds. */
  everyMs: number;
  /** Starts the thread. */
  start: (order: ThreadOrder) => Thread;
}

const usual: BacktestSettings = { share: 0.5, everyMs: 1000, start: (order) => startThread(order) };

/** Starts back-tests in this process, and shows and ends those of all processes. */
@Injectable()
export class BacktestDesk implements OnModuleDestroy {
  readonly #database: Database;
  readonly #log: Logger;
  readonly #settings: BacktestSettings;
  readonly #backtests: Backtests;
  readonly #definitions: Definitions;
  readonly #drafts: Drafts;
  readonly #runs = new Map<string, BacktestRun>();
  readonly #readers = new Set<Subscriber<MessageEvent>>();
  #stopped = false;

  constructor(
    @Inject(DATABASE) database: Database,
    @Inject(LOG) log: Logger,
    @Optional() @Inject(BACKTEST_SETTINGS) settings: BacktestSettings | undefined,
  ) {
    this.#database = database;
    this.#log = log;
    this.#settings = settings ?? usual;
    this.#backtests = createBacktests(database);
    this.#definitions = createDefinitions(database);
    this.#drafts = createDrafts(database);
  }

  /**
   * Starts a back-test of a draft as it is now and answers its id. Throws NOT_FOUND, REQUEST_INVALID, STATE_CONFLICT while
   * another runs, and DEFINITION_INVALID for a draft that could not be published for what it says.
   */
  async start(draftId: string, request: NewBacktest, author: string): Promise<string> {
    const draftUuid = bareDraftId(draftId);
    const at = new Date();
    const span = spanOf(request, at.getTime());
    const [draft, live] = await Promise.all([this.#drafts.get(draftUuid), this.#definitions.loadBook()]);
    if (!draft) throw noDraft(draftId);
    const faults = await faultsOfChanges(live, draft.changes);
    if (faults.length > 0) throw new HouseError('DEFINITION_INVALID', { faults });
    const id = newId();
    await this.#backtests.begin({ id, draft: draftUuid, author, request });
    const { fromMs, toMs } = span;
    const comparison = { before: plannable(live), after: plannable(bookWithDraft(live, draft.changes)), fromMs, toMs };
    try {
      this.#run(id, { comparison, span, at });
    } catch (error) {
      await this.#backtests.finish(id, { state: 'failed', error: 'The thread could not be started.' });
      throw error;
    }
    return toPublicId('backtest', id);
  }

  /** A back-test of any process. Throws NOT_FOUND. */
  async get(id: string): Promise<Backtest> {
    const found = await this.#backtests.get(bareId(id));
    if (!found) throw noBacktest(id);
    return toBacktest(found);
  }

  /** Back-tests, newest first. Throws CURSOR_INVALID. */
  async list({ limit, cursor }: PageQuery): Promise<Page<BacktestSummary>> {
    const before = cursor === undefined ? undefined : fromPublicId('backtest', cursor);
    if (cursor !== undefined && before === undefined) throw new HouseError('CURSOR_INVALID');
    const rows = await this.#backtests.list({ limit: limit + 1, before });
    const items = rows.slice(0, limit).map(toSummary);
    const last = items.at(-1);
    return rows.length > limit && last ? { items, next: last.id } : { items };
  }

  /** Ends a back-test of any process; one that is over stays as it is. Throws NOT_FOUND. */
  async cancel(id: string): Promise<void> {
    const bare = bareId(id);
    if (!(await this.#backtests.cancel(bare))) throw noBacktest(id);
    await this.#runs.get(bare)?.beat();
  }

  /** Progress as server-sent events, and the whole back-test at its end. Throws NOT_FOUND. */
  async stream(id: string): Promise<Observable<MessageEvent>> {
    const first = await this.get(id);
    return new Observable((reader) => {
      // A process that stops still answers who is connected; a stream that began now would keep it from ending.
      if (this.#stopped) return reader.complete();
      this.#readers.add(reader);
      const tell = (backtest: Backtest) => tellOf(backtest, reader);
      let asking = false;
      const timer = setInterval(() => {
        if (asking) return;
        asking = true;
        this.get(id)
          .then(tell, () => reader.complete())
          .finally(() => (asking = false));
      }, this.#settings.everyMs);
      tell(first);
      return () => {
        clearInterval(timer);
        this.#readers.delete(reader);
      };
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    for (const reader of [...this.#readers]) reader.complete();
    await Promise.all([...this.#runs.values()].map((run) => run.stop()));
  }

  #run(id: string, order: Pick<ThreadOrder, 'comparison' | 'span' | 'at'>): void {
    const { connectionString } = this.#database;
    const { share, start, everyMs: beatMs } = this.#settings;
    const thread = start({ ...order, connectionString, share });
    const run = new BacktestRun({ id, thread, backtests: this.#backtests, log: this.#log, beatMs });
    this.#runs.set(id, run);
    void run.over.then(() => this.#runs.delete(id));
  }
}

function tellOf(backtest: Backtest, reader: Subscriber<MessageEvent>): void {
  const { result: _none, ...summary } = backtest;
  if (backtest.state === 'running') return reader.next({ type: 'progress', data: JSON.stringify(summary) });
  reader.next({ type: backtest.state, data: JSON.stringify(backtest) });
  reader.complete();
}

/** What planning needs of a book: no settings of backends, where the secrets are. */
function plannable(book: StoredBook): Book {
  const backends = new Map([...book.backends].map(([slug, { type, retry }]) => [slug, { type, retry }]));
  return { ...book, backends };
}

function bareId(id: string): string {
  const bare = fromPublicId('backtest', id);
  if (bare === undefined) throw noBacktest(id);
  return bare;
}

function noBacktest(id: string): HouseError {
  return new HouseError('NOT_FOUND', { detail: `There is no back-test \`${id}\`; the newest 100 are kept.` });
}
