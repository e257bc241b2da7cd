/** The optional second half of a condition: a CEL expression, asked only where the pattern matched. */
import type { EventFacts, Fault } from '#contract';
import { readExpression, type Expression, type WhenAnswer } from './expression.ts';

/** Answers what is wrong with an expression; empty when it can be used. */
export function checkWhen(expression: string, pointer = '/when'): Fault[] {
  const read = readExpression(expression);
  return typeof read === 'string' ? [{ pointer, detail: read }] : [];
}

/** Asks an expression about an event. Never throws: what goes wrong at run time is answered as `error`. */
export function askWhen(expression: Expression, event: EventFacts): WhenAnswer {
  return expression.ask({
    event_type: event.type,
    source: event.source,
    subject: event.subject ?? null,
    time: event.time,
    correlationKey: event.correlationKey ?? null,
    extensions: event.extensions ?? {},
    data: event.data,
  });
}
