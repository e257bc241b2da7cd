import { z } from 'zod';
import { addressKind, message, retryPolicy, whenOffline } from './delivery.ts';
import { jsonValue } from './event.ts';
import { slug } from './ids.ts';

/** An event pattern in the language of Amazon EventBridge rules: a JSON object; compiled by `domain/rules`. */
export const eventPattern = z.record(z.string(), jsonValue).meta({
  id: 'EventPattern',
  description:
    'Event pattern: fields of the event (`type`, `source`, `subject`, `time`, `correlationKey`, `extensions`, `data.…`) with lists of ' +
    'values or of `{prefix|suffix|equals-ignore-case|anything-but|numeric|exists|cidr|wildcard: …}`, and `$or`.',
  example: { type: ['warehouse.stock.low'], data: { qty: [{ numeric: ['<', 10] }], warehouse: [{ prefix: 'MSK' }] } },
});

/** An event pattern. */
export type EventPattern = z.infer<typeof eventPattern>;

/** Whom a rule tells, and how. */
export const notifyStep = z
  .strictObject({
    to: z.array(z.string().min(1).max(512)).min(1).meta({
      description:
        '`recipient:<slug>`, `group:<slug>` or `room:<backend>/<address>`; each may hold Liquid, e.g. `recipient:{{ data.managerId }}`.',
    }),
    via: z
      .array(slug)
      .min(1)
      .optional()
      .meta({ description: "Backends in order of preference. Absent: the recipient's own order." }),
    strategy: z
      .enum(['first', 'all'])
      .default('first')
      .meta({ description: '`first` address that works, or `all` of them.' }),
    template: slug.optional().meta({ description: 'Absent: a plain, readable text of the event.' }),
    fallbackAfterSeconds: z
      .number()
      .positive()
      .max(30 * 86_400)
      .optional()
      .meta({ description: 'With `first`: how long one address is tried before the next, in seconds. Absent: 300.' }),
    whenOffline: whenOffline.optional().meta({
      description:
        'What to do while the person is offline. `send`: send all the same, the backend may keep it. `hold`: wait until they are seen, ' +
        'as long as the delivery may live. `fallback`: wait until they are seen, and after `fallbackAfterSeconds` go to the next ' +
        'address; without a next one it is `hold`. Absent: `send` where the backend type keeps messages for those who are offline ' +
        '(`offline: stored`), `hold` where it loses them (`lost`). Rooms and backend types without presence are always sent to.',
    }),
  })
  .meta({ id: 'NotifyStep' });

/** Whom a rule tells, and how. */
export type NotifyStep = z.infer<typeof notifyStep>;

/** A rule: condition + who + how. */
export const rule = z
  .strictObject({
    name: slug.optional().meta({ description: 'If given, the same as in the path.' }),
    description: z.string().max(2000).optional(),
    enabled: z.boolean().default(true),
    match: eventPattern,
    when: z
      .string()
      .min(1)
      .max(4000)
      .optional()
      .meta({ description: 'CEL expression over the event, asked only when `match` fits.' }),
    notify: z.array(notifyStep).min(1).max(50),
    correlate: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .meta({ description: 'Liquid text of the correlation key; overrides the one of the event.' }),
    retry: retryPolicy.optional(),
    validForSeconds: z
      .number()
      .positive()
      .max(30 * 86_400)
      .optional()
      .meta({
        description:
          'How long the news is worth delivering, in seconds after the event was accepted. A delivery that has not got through by ' +
          'then is suppressed with the reason `expired`; it is no dead letter. Absent: no such bound.',
      }),
  })
  .meta({
    id: 'Rule',
    example: {
      match: { type: ['warehouse.stock.low'], data: { qty: [{ numeric: ['<', 10] }] } },
      notify: [{ to: ['group:storekeepers'], template: 'stock-low' }],
    },
  });

/** A rule as it is stored. */
export type Rule = z.infer<typeof rule>;

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
  })
  .meta({ id: 'PlannedDelivery' });

/** A question to the rule book: an event, and optionally one rule that is not stored. */
export const explainRequest = z
  .strictObject({
    event: z.strictObject({
      type: z.string().min(1),
      source: z.string().min(1).optional(),
      subject: z.string().optional(),
      time: z.iso.datetime({ offset: true }).optional(),
      correlationKey: z.string().optional(),
      data: jsonValue.optional(),
    }),
    rule: rule.partial({ notify: true }).optional(),
  })
  .meta({
    id: 'ExplainRequest',
    example: {
      event: { type: 'warehouse.stock.low', source: 'erp', data: { qty: 3 } },
      rule: { match: { data: { qty: [{ numeric: ['<', 10] }] } } },
    },
  });

/** Why each rule matched or not, and who would get what. */
export const explainAnswer = z
  .strictObject({ rules: z.array(ruleVerdict), deliveries: z.array(plannedDelivery), notes: z.array(z.string()) })
  .meta({ id: 'ExplainAnswer' });

/** Why each rule matched or not, and who would get what. */
export type ExplainAnswer = z.infer<typeof explainAnswer>;
