import { HouseError, type EventFacts, type ExplainAnswer } from '#contract';
import { compileBook, explainEvent, explainRule, type CompiledBook, type TriedRule } from '#domain/routing';
import { checkPattern, checkWhen } from '#domain/rules';
import type { Definitions } from '#platform/store';
import { Inject, Injectable } from '@nestjs/common';
import { DEFINITIONS } from './definitions.provider.ts';

/** Answers why rules match or not, by the book as it is stored at this moment. */
@Injectable()
export class Explainer {
  readonly #definitions: Definitions;
  #compiled: { version: bigint; book: CompiledBook } | undefined;
  #compiling: Promise<void> | undefined;

  constructor(@Inject(DEFINITIONS) definitions: Definitions) {
    this.#definitions = definitions;
  }

  /**
   * Explains an event by the whole book, or by one rule that is not stored. Throws DEFINITION_INVALID for a condition that
   * could not work. A path that a pattern names twice is judged as Event Ruler does, by the last one: a rule that is only
   * tried out keeps the order of its keys; the notes say that it would be refused when saved.
   */
  async explain(event: EventFacts, rule?: TriedRule): Promise<ExplainAnswer> {
    const book = await this.#book();
    if (!rule) return explainEvent(book, event);
    const when = rule.when === undefined ? [] : checkWhen(rule.when, '/rule/when');
    const faults = [...checkPattern(rule.match, '/rule/match', { repeatedPaths: 'last-wins' }), ...when];
    if (faults.length > 0) throw new HouseError('DEFINITION_INVALID', { faults });
    return explainRule(book, rule, event);
  }

  /** Compiling is the dear part, so it is done once per version of the book, also when many ask at the same moment. */
  async #book(): Promise<CompiledBook> {
    const version = await this.#definitions.version();
    while (!this.#compiled || this.#compiled.version < version) {
      this.#compiling ??= this.#compile().finally(() => (this.#compiling = undefined));
      await this.#compiling;
    }
    return this.#compiled.book;
  }

  async #compile(): Promise<void> {
    const stored = await this.#definitions.loadBook();
    this.#compiled = { version: stored.version, book: compileBook(stored) };
  }
}
