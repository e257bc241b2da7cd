/** Keeps the rule book of a process fresh: told by NOTIFY, and by a slow poll in case a note was missed. */
import type { Logger } from '#platform/log';
import type { Listener } from './listener.ts';
import type { Definitions, StoredBook } from './management/index.ts';
import { createRefresher } from './refresher.ts';

/** Channel on which every change of the book is told. */
const channel = 'vestnik_book';

/** The book as a process sees it. */
export interface BookWatcher {
  /** The newest book that was loaded. */
  current(): StoredBook;
  /** Resolves once `current` is of this version or newer: whoever read a version elsewhere never works with an older book. */
  atLeast(version: bigint): Promise<void>;
  /** Called with the book now and after every change. */
  onChange(handler: (book: StoredBook) => void): void;
  close(): void;
}

/** Loads the book and follows it. `pollMs` is the longest time, in milliseconds, that a missed note can go unnoticed. */
export async function watchBook(
  definitions: Definitions,
  listener: Listener,
  log: Logger,
  pollMs = 10_000,
): Promise<BookWatcher> {
  const handlers: ((book: StoredBook) => void)[] = [];
  let book = await definitions.loadBook();

  const check = createRefresher(async () => {
    if ((await definitions.version()) === book.version) return;
    book = await definitions.loadBook();
    log.info({ version: String(book.version), rules: book.rules.size }, 'book.loaded');
    for (const handler of handlers) handler(book);
  });

  function checkQuietly(): void {
    check().catch((error: unknown) => log.warn({ error }, 'book.refresh_failed'));
  }

  listener.on(channel, checkQuietly);
  const timer = setInterval(checkQuietly, pollMs);
  timer.unref();
  return {
    current: () => book,
    atLeast: async (version) => {
      while (book.version < version) await check();
    },
    onChange: (handler) => {
      handlers.push(handler);
      handler(book);
    },
    close: () => clearInterval(timer),
  };
}
