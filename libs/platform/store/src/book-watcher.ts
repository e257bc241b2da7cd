/** Keeps the rule book of a process fresh: told by NOTIFY, and by a slow poll in case a note was missed. */
import type { Logger } from '#platform/log';
import type { Listener } from './listener.ts';
import { bookChannel, withChanges, type BookChange, type Definitions, type StoredBook } from './management/index.ts';
import { createRefresher } from './refresher.ts';

/** Told of the book now and after every change. `changes` are those since the book that was told before; absent: all may have changed. */
export type BookHandler = (book: StoredBook, changes?: readonly BookChange[]) => void;

/** The book as a process sees it. */
export interface BookWatcher {
  /** The newest book that was loaded. */
  current(): StoredBook;
  /** Resolves once `current` is of this version or newer: whoever read a version elsewhere never works with an older book. */
  atLeast(version: bigint): Promise<void>;
  /** Calls the handler with the book now and after every change. */
  onChange(handler: BookHandler): void;
  close(): void;
}

/** Loads the book and follows it, by its changes where they are few. `pollMs` is the longest time, in milliseconds, that a missed note can go unnoticed. */
export async function watchBook(
  definitions: Definitions,
  listener: Listener,
  log: Logger,
  pollMs = 10_000,
): Promise<BookWatcher> {
  const handlers: BookHandler[] = [];
  let book = await definitions.loadBook();

  const check = createRefresher(async () => {
    if ((await definitions.version()) === book.version) return;
    const delta = await definitions.changesSince(book.version);
    book = delta ? withChanges(book, delta.version, delta.changes) : await definitions.loadBook();
    log.info({ version: String(book.version), rules: book.rules.size, changed: delta?.changes.length }, 'book.loaded');
    for (const handler of handlers) handler(book, delta?.changes);
  });

  function checkQuietly(): void {
    check().catch((error: unknown) => log.warn({ error }, 'book.refresh_failed'));
  }

  listener.on(bookChannel, checkQuietly);
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
