/** Books ready to be asked: the one of now, and some of those that people ask for besides. */
import { compileBook, type CompiledBook } from '#domain/routing';
import type { Definitions, Revisions } from '#platform/store';

/** Books of the past that are kept; each may weigh some tens of megabytes. */
const mostPast = 2;

/** Compiles books, which is the dear part of a question, once for all who ask. */
export class CompiledBooks {
  readonly #definitions: Pick<Definitions, 'version' | 'loadBook'>;
  readonly #revisions: Pick<Revisions, 'bookAt'>;
  readonly #past = new Map<bigint, Promise<CompiledBook | undefined>>();
  #compiled: CompiledBook | undefined;
  #compiling: Promise<void> | undefined;

  constructor(definitions: Pick<Definitions, 'version' | 'loadBook'>, revisions: Pick<Revisions, 'bookAt'>) {
    this.#definitions = definitions;
    this.#revisions = revisions;
  }

  /** The book as it stands at this moment. */
  async now(): Promise<CompiledBook> {
    const version = await this.#definitions.version();
    while (!this.#compiled || this.#compiled.version < version) {
      this.#compiling ??= this.#compile().finally(() => (this.#compiling = undefined));
      await this.#compiling;
    }
    return this.#compiled;
  }

  /** The book as it stood after a revision; `undefined` when that is no longer known. */
  async at(revision: bigint): Promise<CompiledBook | undefined> {
    const present = await this.now();
    if (present.version === revision) return present;
    let found = this.#past.get(revision);
    if (!found) {
      found = this.#revisions.bookAt(revision).then((book) => book && compileBook(book));
      this.#past.set(revision, found);
      // A failure is not kept: the next one who asks tries again.
      found.catch(() => this.#past.delete(revision));
      const oldest = this.#past.keys().next().value;
      if (this.#past.size > mostPast && oldest !== undefined) this.#past.delete(oldest);
    }
    return found;
  }

  async #compile(): Promise<void> {
    this.#compiled = compileBook(await this.#definitions.loadBook());
  }
}
