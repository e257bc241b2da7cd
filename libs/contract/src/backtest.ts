/** Back-tests: what a draft would have done with the events of the past. */
import { z } from 'zod';
import { slug } from './ids.ts';

/** Bounds of back-tests, so that no answer and no memory grows with the number of events. */
export const backtestLimits = {
  /** Longest span, in days. */
  days: 400,
  /** Most event types that one is narrowed to. */
  types: 100,
  /** Most recipients and rooms, and most rules, that a result lists; the others are summed up. */
  listed: 200,
  /** Most samples, of events that differ and of reasons why something failed. */
  samples: 20,
  /** Most deliveries that a sample lists on either side. */
  sampleDeliveries: 20,
  /** How many of the newest back-tests are kept. */
  kept: 100,
} as const;

const moment = z.iso.datetime({ offset: true });

/** What of the past a draft is tried on. */
export const newBacktest = z
  .strictObject({
    days: z.int().min(1).max(backtestLimits.days).optional().meta({
      description: 'How many days before `to`. Absent: as far back as `from` says, else 7.',
    }),
    from: moment
      .optional()
      .meta({ description: 'Only events that were accepted then or later. Not together with `days`.' }),
    to: moment.optional().meta({ description: 'Only events that were accepted before. Absent, or yet to come: now.' }),
    types: z
      .array(
        z
          .string()
          .min(1)
          .max(512)
          .refine((text) => !text.includes('\0'), 'must not hold the character U+0000'),
      )
      .min(1)
      .max(backtestLimits.types)
      .optional()
      .meta({ description: 'Only events of these types. Absent: all.' }),
  })
  .refine(({ days, from }) => days === undefined || from === undefined, {
    path: ['days'],
    error: 'must not stand beside `from`; leave one of them out',
  })
  .meta({ id: 'NewBacktest', example: { days: 14 } });

/** What of the past a draft is tried on. */
export type NewBacktest = z.infer<typeof newBacktest>;

/** How a back-test stands. */
export const backtestState = z.enum(['running', 'done', 'cancelled', 'failed']).meta({ id: 'BacktestState' });

/** How a back-test stands. */
export type BacktestState = z.infer<typeof backtestState>;

/** How far a back-test has come. */
export const backtestProgress = z
  .strictObject({
    events: z.int().min(0).meta({ description: 'Events that were planned so far.' }),
    ofEvents: z.int().min(0).meta({ description: 'How many there are in all: an estimate until it is done.' }),
    fraction: z.number().min(0).max(1),
    seconds: z.number().min(0).meta({ description: 'Since its start.' }),
  })
  .meta({ id: 'BacktestProgress', example: { events: 250_000, ofEvents: 1_000_000, fraction: 0.25, seconds: 31.4 } });

/** How far a back-test has come. */
export type BacktestProgress = z.infer<typeof backtestProgress>;

const beforeAfter = { before: z.int().min(0), after: z.int().min(0) };

/** A count by the live book, and by that book with the draft. */
export const beforeAfterCount = z.strictObject(beforeAfter).meta({
  id: 'BeforeAfter',
  description: 'By the live book, and by that book with the draft.',
  example: { before: 120, after: 45 },
});

/** A count by the live book, and by that book with the draft. */
export type BeforeAfter = z.infer<typeof beforeAfterCount>;

const day = z.iso.date().meta({ description: 'On the clock of the book (`timeZone` of its settings).' });

const dayCount = z.strictObject({ day, ...beforeAfter }).meta({
  id: 'BacktestDay',
  example: { day: '2026-11-19', before: 120, after: 45 },
});

const whom = {
  recipient: slug.optional().meta({ description: 'Absent for rooms.' }),
  room: z.string().optional().meta({ description: 'Backend and address, such as `mychat-hq/Склад`.' }),
};

const listener = z
  .strictObject({
    ...whom,
    ...beforeAfter,
    days: z.array(dayCount).meta({ description: 'Days with messages, oldest first.' }),
  })
  .meta({
    id: 'BacktestRecipient',
    example: { recipient: 'anna', before: 120, after: 45, days: [{ day: '2026-11-19', before: 120, after: 45 }] },
  });

const noise = z.strictObject({ rule: slug, matched: beforeAfterCount, messages: beforeAfterCount }).meta({
  id: 'BacktestRule',
  example: { rule: 'stock-low', matched: { before: 60, after: 20 }, messages: { before: 120, after: 45 } },
});

const sampleDelivery = z.strictObject({ ...whom, backend: slug, to: z.string(), rule: slug }).meta({
  id: 'BacktestDelivery',
  example: { recipient: 'anna', backend: 'mychat-hq', to: '17', rule: 'stock-low' },
});

/** A message that one of the two books asks for and the other does not. */
export type BacktestDelivery = z.infer<typeof sampleDelivery>;

const sample = z
  .strictObject({
    eventId: z.string(),
    type: z.string(),
    acceptedAt: z.string().meta({ description: 'ISO 8601.' }),
    added: z.array(sampleDelivery).meta({ description: 'Who would newly get it.' }),
    removed: z.array(sampleDelivery).meta({ description: 'Who would no longer get it.' }),
  })
  .meta({
    id: 'BacktestSample',
    example: {
      eventId: 'evt_0199d2a0-6c3f-7000-8000-000000000001',
      type: 'warehouse.stock.low',
      acceptedAt: '2026-11-19T08:00:00.000Z',
      added: [],
      removed: [sampleDelivery.meta()!['example']],
    },
  });

/** An event whose deliveries differ. */
export type BacktestSample = z.infer<typeof sample>;

/** What the two books would have done with the events. */
export const backtestResult = z
  .strictObject({
    from: z.string().meta({ description: 'ISO 8601. Events that were accepted then or later …' }),
    to: z.string().meta({ description: '… and before this.' }),
    timeZone: z.string().meta({ description: 'Whose days are counted.' }),
    revision: z.int().meta({ description: 'Of the live book that the draft was compared with.' }),
    events: z.int().min(0),
    differing: z.int().min(0).meta({ description: 'Events of which others would hear, or at other addresses.' }),
    messages: beforeAfterCount,
    days: z.array(dayCount).meta({ description: 'Days with messages, oldest first.' }),
    recipients: z.array(listener).meta({ description: 'Those for whom most changes first, at most 200.' }),
    otherRecipients: z.strictObject({ count: z.int().min(0), ...beforeAfter }).meta({
      description: 'Recipients and rooms that `recipients` has no place for. Very many of them count as one.',
    }),
    rules: z.array(noise).meta({ description: 'The noisiest first, at most 200. Only rules that matched.' }),
    samples: z.array(sample).meta({ description: 'Events whose deliveries differ, spread over the span, at most 20.' }),
    whenFailed: beforeAfterCount.meta({ description: 'Events for which the `when` of some rule failed.' }),
    unplanned: z.int().min(0).meta({ description: 'Events that made our code fail; they are in no other count.' }),
    notes: z.array(z.strictObject({ eventId: z.string(), note: z.string() })).meta({
      description:
        'Why expressions failed by the book with the draft, and why events could not be planned: each reason once, at most 20.',
    }),
  })
  .meta({
    id: 'BacktestResult',
    example: {
      from: '2026-11-13T09:00:00.000Z',
      to: '2026-11-20T09:00:00.000Z',
      timeZone: 'Europe/Moscow',
      revision: 41,
      events: 1000,
      differing: 40,
      messages: { before: 120, after: 45 },
      days: [dayCount.meta()!['example']],
      recipients: [listener.meta()!['example']],
      otherRecipients: { count: 0, before: 0, after: 0 },
      rules: [noise.meta()!['example']],
      samples: [sample.meta()!['example']],
      whenFailed: { before: 0, after: 0 },
      unplanned: 0,
      notes: [],
    },
  });

/** What the two books would have done with the events. */
export type BacktestResult = z.infer<typeof backtestResult>;

const head = {
  id: z.string().meta({ description: '`bkt_…`.' }),
  draft: z.string().meta({ description: '`drf_…`. It may have been published or discarded since.' }),
  author: z.string().meta({ description: 'Name of the API key that started it.' }),
  state: backtestState,
  request: newBacktest,
  progress: backtestProgress,
  error: z.string().optional().meta({ description: 'Why it failed.' }),
  startedAt: z.string().meta({ description: 'ISO 8601.' }),
  finishedAt: z.string().optional().meta({ description: 'ISO 8601.' }),
};

const exampleHead = {
  id: 'bkt_0199d2a0-6c3f-7000-8000-00000000002b',
  draft: 'drf_0199d2a0-6c3f-7000-8000-00000000002a',
  author: 'anna',
  request: { days: 7 },
  startedAt: '2026-11-20T09:00:00.000Z',
};

/** A back-test as lists show it. */
export const backtestSummary = z.strictObject(head).meta({
  id: 'BacktestSummary',
  example: { ...exampleHead, state: 'running', progress: backtestProgress.meta()!['example'] },
});

/** A back-test as lists show it. */
export type BacktestSummary = z.infer<typeof backtestSummary>;

/** A back-test, with its result once it is done. */
export const backtest = z.strictObject({ ...head, result: backtestResult.optional() }).meta({
  id: 'Backtest',
  example: {
    ...exampleHead,
    state: 'done',
    progress: { events: 1000, ofEvents: 1000, fraction: 1, seconds: 1.2 },
    result: backtestResult.meta()!['example'],
    finishedAt: '2026-11-20T09:00:01.200Z',
  },
});

/** A back-test, with its result once it is done. */
export type Backtest = z.infer<typeof backtest>;

/** A back-test that was started. */
export const backtestStarted = z
  .strictObject({ id: z.string(), state: backtestState })
  .meta({ id: 'BacktestStarted', example: { id: exampleHead.id, state: 'running' } });
