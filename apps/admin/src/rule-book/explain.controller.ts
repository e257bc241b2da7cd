import {
  explainAnswer,
  explainRequest,
  fromPublicId,
  HouseError,
  type EventFacts,
  type ExplainAnswer,
} from '#contract';
import { factsOfPasted } from '#domain/routing';
import { Actor, Describe, RequireScope, Section, type ActorView } from '#platform/http';
import { DATABASE, loadFacts, type Database } from '#platform/store';
import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { bareId } from './draft-desk.ts';
import { Explainer } from './explainer.ts';

type Question = z.output<typeof explainRequest>;

const example: ExplainAnswer = {
  rules: [
    { rule: 'stock-low', matched: true, failures: [] },
    { rule: 'stock-empty', matched: false, failures: [{ path: 'data.qty', expected: [0], actual: 3 }] },
  ],
  deliveries: [
    {
      rule: 'stock-low',
      recipient: 'anna',
      backend: 'inbox',
      to: 'anna',
      toKind: 'person',
      message: { title: 'Low stock: 4711', markdown: 'Only **3** left in MSK-1.' },
      fallbacks: [],
    },
  ],
  recipients: [{ rule: 'stock-low', recipient: 'anna', through: ['group:storekeepers'], outcome: 'told' }],
  notes: [],
};

/** `/v1/rules/explain`. */
@RequireScope('read')
@Section('Rules')
@Controller('v1/rules/explain')
export class ExplainController {
  readonly #explainer: Explainer;
  readonly #database: Database;

  constructor(explainer: Explainer, @Inject(DATABASE) database: Database) {
    this.#explainer = explainer;
    this.#database = database;
  }

  @Post()
  @HttpCode(200)
  @Describe({
    summary: 'Tells why rules match an event or not, and who would get what',
    description:
      'Nothing is stored and nobody is told. Of an event that is given or stored; by the present book, by the book with a draft, or by one rule ' +
      'that need not be stored.',
    ok: {
      status: 200,
      description: 'The verdict of each rule, and the deliveries that would be made.',
      schema: explainAnswer,
      example,
    },
    errors: ['DEFINITION_INVALID', 'NOT_FOUND'],
  })
  async explain(
    @Body({ schema: explainRequest }) { event, eventId, rule, draft, at, misses }: Question,
    @Actor() actor: ActorView,
  ): Promise<ExplainAnswer> {
    // What ingest would fill in.
    const defaults = { id: uuidv7(), source: actor.name, time: new Date().toISOString() };
    const facts = event ? factsOfPasted(event, defaults) : await this.#stored(eventId!);
    const moment = at === undefined ? undefined : new Date(at);
    return this.#explainer.explain(facts, { rule, draft: draft && bareId(draft), at: moment, misses });
  }

  async #stored(id: string): Promise<EventFacts> {
    const bare = fromPublicId('event', id);
    const { facts } = await loadFacts(this.#database, bare === undefined ? [] : [bare]);
    const found = bare === undefined ? undefined : facts.get(bare);
    if (found) return found;
    throw new HouseError('NOT_FOUND', { detail: `There is no event \`${id}\`, or it is older than what is kept.` });
  }
}
