/** Plans events of the past by two books and counts what differs. No clock, no thread, no database: all that is given. */
import { uuidTimeMs, type BacktestResult, type EventFacts } from '#contract';
import {
  compileBook,
  followedSubjects,
  matchEvent,
  planMatched,
  type Book,
  type CompiledBook,
  type MatchedEvent,
} from '#domain/routing';
import { Calendar } from './calendar.ts';
import { Tally, type Planned } from './tally.ts';

/** The clock whose days are counted when the book has none. */
const defaultTimeZone = 'UTC';
/** Events between two looks at whether it is time for something else. */
const sliceSize = 50;

/** Two books, and the span of events that they are tried on. */
export interface Comparison {
  before: Book;
  after: Book;
  /** Milliseconds since 1970. */
  fromMs: number;
  /** Milliseconds since 1970. */
  toMs: number;
}

/** Where events and followers come from. */
export interface Past {
  /** Pages of events, oldest first; pages may be empty. */
  pages: AsyncIterable<readonly EventFacts[]>;
  /** Who follows these subjects; there is no telling who did at the time. */
  followersOf(subjects: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
}

/**
 * Runs a back-test, and yields after every few events how many are done. Each event is planned as of its acceptance, without
 * texts. An event that makes the code throw is counted and harms only itself.
 */
export async function* backtest(comparison: Comparison, past: Past): AsyncGenerator<number, BacktestResult> {
  const { before, after, fromMs, toMs } = comparison;
  const timeZone = before.settings.timeZone ?? defaultTimeZone;
  const tally = new Tally(new Calendar(timeZone, fromMs, toMs));
  const books: Books = [compileBook(before), compileBook(after)];
  yield 0;
  for await (const page of past.pages) {
    for (let at = 0; at < page.length; at += sliceSize) {
      await planSlice(books, page.slice(at, at + sliceSize), past, tally);
      yield tally.events;
    }
  }
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    timeZone,
    revision: Number(before.version),
    ...tally.result(),
  };
}

type Books = readonly [before: CompiledBook, after: CompiledBook];
type Matched = readonly [before: MatchedEvent, after: MatchedEvent];

async function planSlice(books: Books, events: readonly EventFacts[], past: Past, tally: Tally): Promise<void> {
  const matched: Matched[] = [];
  for (const event of events) {
    tryTo(tally, event, () => matched.push([matchEvent(books[0], event), matchEvent(books[1], event)]));
  }
  const subjects = new Set(
    books.flatMap((book, n) =>
      followedSubjects(
        book,
        matched.map((both) => both[n]!),
      ),
    ),
  );
  const followers = subjects.size === 0 ? new Map<string, string[]>() : await past.followersOf([...subjects]);
  for (const both of matched) {
    const { event } = both[0];
    const circumstances = { now: new Date(uuidTimeMs(event.id)), followers, texts: false };
    const plan = (n: 0 | 1): Planned => ({
      plan: planMatched(books[n], both[n], circumstances),
      whenNotes: both[n].notes,
    });
    tryTo(tally, event, () => tally.add(event, [plan(0), plan(1)]));
  }
}

function tryTo(tally: Tally, event: EventFacts, work: () => void): void {
  try {
    work();
  } catch (error) {
    tally.addUnplanned(event, error instanceof Error ? error.message : String(error));
  }
}
