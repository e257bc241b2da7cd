/** Why rules match or not: the question, and the answer. */
import { z } from 'zod';
import { addressKind, message } from './delivery.ts';
import { instant, jsonValue } from './event.ts';
import { pastedEvent, rule } from './rule.ts';
import { trailEntry } from './trail.ts';

/** One condition that kept a rule from matching. */
export const nearMiss = z
  .strictObject({
    path: z.string().meta({ description: 'Field of the event, e.g. `data.qty`.' }),
    expected: jsonValue,
    actual: jsonValue.optional().meta({ description: 'Absent when the event has no such field.' }),
  })
  .meta({ id: 'NearMiss' });

/** One condition that kept a rule from matching. */
export type NearMiss = z.infer<typeof nearMiss>;

/** What one rule says of an event. */
export const ruleVerdict = z
  .strictObject({
    rule: z.string(),
    matched: z.boolean(),
    failures: z.array(nearMiss).meta({ description: 'Empty when matched.' }),
    reason: z
      .string()
      .optional()
      .meta({ description: 'Why not, where it was not a field: disabled, or what `when` said.' }),
  })
  .meta({ id: 'RuleVerdict' });

/** What one rule says of an event. */
export type RuleVerdict = z.infer<typeof ruleVerdict>;

/** A delivery that would be made. */
export const plannedDelivery = z
  .strictObject({
    rule: z.string(),
    recipient: z.string().optional(),
    backend: z.string(),
    to: z.string(),
    toKind: addressKind,
    message,
    fallbacks: z.array(z.strictObject({ backend: z.string(), to: z.string() })),
    notBefore: z
      .string()
      .optional()
      .meta({ description: 'When it would go out, where it has to wait for working hours or the end of quiet hours.' }),
  })
  .meta({ id: 'PlannedDelivery' });

/** Rules that did not match which an explanation shows when nobody says how many. */
export const usualMisses = 1000;

/** A question to the rule book: an event, by the present rules, by those of a draft, or by one that is not stored. */
export const explainRequest = z
  .strictObject({
    event: pastedEvent.optional(),
    eventId: z.string().max(64).optional().meta({ description: 'A stored event, in place of `event`.' }),
    rule: rule.partial({ notify: true }).optional().meta({ description: 'Ask only this rule; it need not be stored.' }),
    draft: z.string().max(64).optional().meta({ description: 'Ask the book as it would be with this draft.' }),
    at: instant
      .optional()
      .meta({ description: 'The moment to ask for: it decides who is on call and which hours are open. Absent: now.' }),
    misses: z.int().min(0).max(100_000).default(usualMisses).meta({
      description: 'Most rules to show that did not match: the closest ones. Those that matched are all shown.',
    }),
  })
  .refine(
    ({ event, eventId }) => (event === undefined) !== (eventId === undefined),
    'must have either `event` or `eventId`',
  )
  .meta({
    id: 'ExplainRequest',
    example: {
      event: { type: 'warehouse.stock.low', source: 'erp', data: { qty: 3 } },
      rule: { match: { data: { qty: [{ numeric: ['<', 10] }] } } },
    },
  });

/** Why each rule matched or not, and who would get what. */
export const explainAnswer = z
  .strictObject({
    rules: z.array(ruleVerdict),
    moreRules: z.int().optional().meta({ description: 'Rules that did not match either and are not shown.' }),
    deliveries: z.array(plannedDelivery),
    recipients: z
      .array(trailEntry)
      .meta({ description: 'Whom the matched rules mean, by which way, and what would become of them; at most 200.' }),
    notes: z.array(z.string()),
  })
  .meta({ id: 'ExplainAnswer' });

/** Why each rule matched or not, and who would get what. */
export type ExplainAnswer = z.infer<typeof explainAnswer>;
