import { explainAnswer, explainRequest, type EventFacts, type ExplainAnswer } from '#contract';
import { Actor, Describe, RequireScope, Section, type ActorView } from '#platform/http';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
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
  notes: [],
};

/** `/v1/rules/explain`. */
@RequireScope('read')
@Section('Rules')
@Controller('v1/rules/explain')
export class ExplainController {
  readonly #explainer: Explainer;

  constructor(explainer: Explainer) {
    this.#explainer = explainer;
  }

  @Post()
  @HttpCode(200)
  @Describe({
    summary: 'Tells why rules match an event or not, and who would get what',
    description: 'Nothing is stored and nobody is told. With `rule`, only that rule is asked; it need not be stored.',
    ok: {
      status: 200,
      description: 'The verdict of each rule, and the deliveries that would be made.',
      schema: explainAnswer,
      example,
    },
    errors: ['DEFINITION_INVALID'],
  })
  explain(
    @Body({ schema: explainRequest }) { event, rule }: Question,
    @Actor() actor: ActorView,
  ): Promise<ExplainAnswer> {
    return this.#explainer.explain(factsOf(event, actor.name), rule);
  }
}

/** Fills in what ingest would: id, source, time. */
function factsOf(event: Question['event'], source: string): EventFacts {
  return {
    ...event,
    id: uuidv7(),
    source: event.source ?? source,
    time: event.time ?? new Date().toISOString(),
    data: event.data ?? {},
  };
}
