import { HouseError, storyLimits, type EventFacts, type ExplainAnswer, type RuleVerdict } from '#contract';
import {
  closest,
  compileBook,
  explainJudged,
  followedSubjects,
  judgeByRule,
  judgeEvent,
  type TriedRule,
} from '#domain/routing';
import { checkPattern, checkWhen } from '#domain/rules';
import { DATABASE, followersOf, type Database, type Definitions, type Drafts, type Revisions } from '#platform/store';
import { Inject, Injectable } from '@nestjs/common';
import { CompiledBooks } from './compiled-books.ts';
import { DEFINITIONS, DRAFTS, REVISIONS } from './definitions.provider.ts';

/** How to ask. */
export interface Asking {
  /** Only this rule, which is not stored. */
  rule?: TriedRule | undefined;
  /** The book with this draft; its bare id. */
  draft?: string | undefined;
  /** The moment to ask for: who is on call, which hours are open, who follows. Absent: now. */
  at?: Date | undefined;
  /** Most rules to show that did not match. Absent: all. */
  misses?: number | undefined;
}

/** Answers why rules match or not, by the very code that routes. */
@Injectable()
export class Explainer {
  readonly #database: Pick<Database, 'pool'>;
  readonly #drafts: Pick<Drafts, 'loadBook'>;
  readonly #books: CompiledBooks;

  constructor(
    @Inject(DATABASE) database: Pick<Database, 'pool'>,
    @Inject(DEFINITIONS) definitions: Pick<Definitions, 'version' | 'loadBook'>,
    @Inject(REVISIONS) revisions: Pick<Revisions, 'bookAt'>,
    @Inject(DRAFTS) drafts: Pick<Drafts, 'loadBook'>,
  ) {
    this.#database = database;
    this.#drafts = drafts;
    this.#books = new CompiledBooks(definitions, revisions);
  }

  /**
   * Explains an event. Throws DEFINITION_INVALID for a condition that could not work, and NOT_FOUND for a draft that is not
   * there. A path that a pattern names twice is judged as Event Ruler does, by the last one: a rule that is only tried out
   * keeps the order of its keys; the notes say that it would be refused when saved.
   */
  async explain(event: EventFacts, { rule, draft, at, misses }: Asking = {}): Promise<ExplainAnswer> {
    if (rule) refuseFaults(rule);
    const book = draft === undefined ? await this.#books.now() : compileBook(await this.#drafts.loadBook(draft));
    const judged = rule ? judgeByRule(book, rule, event) : judgeEvent(book, event);
    const now = at ?? new Date();
    const followers = await followersOf(this.#database, followedSubjects(book, [judged]), now);
    return explainJudged(book, judged, { now, followers }, misses);
  }

  /** The rules of a revision that came closest to matching an event; `undefined` when the book of then is no longer known. */
  async missesAt(revision: number, event: EventFacts): Promise<RuleVerdict[] | undefined> {
    const book = await this.#books.at(BigInt(revision));
    if (!book) return undefined;
    return closest(judgeEvent(book, event).verdicts, storyLimits.misses).filter(({ matched }) => !matched);
  }
}

function refuseFaults(rule: TriedRule): void {
  const when = rule.when === undefined ? [] : checkWhen(rule.when, '/rule/when');
  const faults = [...checkPattern(rule.match, '/rule/match', { repeatedPaths: 'last-wins' }), ...when];
  if (faults.length > 0) throw new HouseError('DEFINITION_INVALID', { faults });
}
