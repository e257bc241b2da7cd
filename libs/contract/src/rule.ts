import { z } from 'zod';
import { priority, retryPolicy, whenOffline } from './delivery.ts';
import { jsonValue } from './event.ts';
import { weeklyHours } from './hours.ts';
import { slug } from './ids.ts';
import { timeZone } from './people.ts';

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
    to: z
      .array(z.string().min(1).max(512))
      .min(1)
      .meta({
        description:
          '`recipient:<slug>`, `group:<slug>`, `role:<role>`, `schedule:<slug>` (who is on call), `attr:<name>=<value>` (whoever has that ' +
          'attribute), `followers:<subject>`, or `room:<backend>/<address>`; each may hold Liquid, e.g. `recipient:{{ data.managerId }}`.',
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

/** An event as people write it down to ask about it. */
export const pastedEvent = z
  .strictObject({
    type: z.string().min(1),
    source: z.string().min(1).optional(),
    subject: z.string().optional(),
    time: z.iso.datetime({ offset: true }).optional(),
    correlationKey: z.string().optional(),
    data: jsonValue.optional(),
  })
  .meta({ id: 'PastedEvent', example: { type: 'warehouse.stock.low', source: 'erp', data: { qty: 3 } } });

/** An event as people write it down. */
export type PastedEvent = z.infer<typeof pastedEvent>;

/** An event that shows what a rule is for. */
export const ruleExample = z
  .strictObject({ title: z.string().min(1).max(200).optional(), event: pastedEvent })
  .meta({ id: 'RuleExample' });

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
    otherwise: z
      .array(notifyStep)
      .min(1)
      .max(50)
      .optional()
      .meta({ description: "Whom to tell when `notify` finds nobody. Absent: the book's `catchAll`." }),
    priority: priority.optional().meta({
      description:
        'Absent: `normal`. Where several rules reach the same person, the most urgent one tells them, then the first by name. ' +
        '`critical` does not wait for working hours or the end of quiet hours.',
    }),
    workingHours: z
      .array(weeklyHours)
      .min(1)
      .max(50)
      .optional()
      .meta({
        description:
          'Messages wait for these hours, on the clock of each recipient; besides the hours that the recipients themselves have set. Rooms ' +
          "go by the book's `timeZone`.",
      }),
    quietHours: z
      .array(weeklyHours)
      .min(1)
      .max(50)
      .optional()
      .meta({ description: 'Messages wait until these hours are over, on the same clocks.' }),
    examples: z
      .strictObject({ mustMatch: z.array(ruleExample).max(50), mustNotMatch: z.array(ruleExample).max(50) })
      .partial()
      .optional()
      .meta({
        description:
          'Events that the rule must match and must not match. The rule cannot be saved while one of them says otherwise.',
      }),
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

/** What holds for the whole book. */
export const bookSettings = z
  .strictObject({
    timeZone: timeZone
      .optional()
      .meta({ description: 'The clock of rooms, and of recipients who have none. Absent: UTC.' }),
    catchAll: z.array(notifyStep).min(1).max(50).optional().meta({
      description: 'Whom to tell when a rule matched, found nobody, and has no `otherwise` that finds somebody.',
    }),
  })
  .meta({ id: 'BookSettings', example: { timeZone: 'Europe/Moscow', catchAll: [{ to: ['group:operations'] }] } });

/** What holds for the whole book. */
export type BookSettings = z.infer<typeof bookSettings>;
