import { backtestResult, type EventFacts } from '#contract';
import type { Book } from '#domain/routing';
import { describe, expect, it } from '@jest/globals';
import { bookWith, pastEvent, ruleFor, tried } from './spec-past.ts';

/** Four days: low stock every day, more from day to day, and an order on the last. */
const history: EventFacts[] = [
  ...[16, 17, 18, 19].flatMap((day, index) =>
    Array.from({ length: index + 1 }, (_, n) =>
      pastEvent(`2026-11-${day}T0${n + 1}:00:00Z`, 'stock.low', { qty: n, warehouse: `W${n}` }),
    ),
  ),
  pastEvent('2026-11-19T22:30:00Z', 'order.late'),
];
const [low, late] = [ruleFor('stock.low', ['recipient:anna']), ruleFor('order.late', ['recipient:boris'])];
const live = bookWith({ low, late });

describe('a back-test', () => {
  it('counts messages by day and recipient and rule, before and after', async () => {
    const narrowed = ruleFor('stock.low', ['recipient:anna'], {
      match: { type: ['stock.low'], data: { qty: [{ numeric: ['<', 1] }] } },
    });
    const draft = bookWith({
      low: narrowed,
      late,
      more: ruleFor('order.late', ['recipient:clara', 'room:inbox/Склад']),
    });
    const { result } = await tried(live, draft, history);
    expect(backtestResult.parse(result)).toEqual(result);
    expect(result).toMatchObject({
      from: '2026-11-16T00:00:00.000Z',
      to: '2026-11-20T00:00:00.000Z',
      timeZone: 'UTC',
      revision: 7,
      events: 11,
      differing: 7,
      messages: { before: 11, after: 7 },
      days: [
        { day: '2026-11-16', before: 1, after: 1 },
        { day: '2026-11-17', before: 2, after: 1 },
        { day: '2026-11-18', before: 3, after: 1 },
        { day: '2026-11-19', before: 5, after: 4 },
      ],
      otherRecipients: { count: 0, before: 0, after: 0 },
      rules: [
        { rule: 'low', matched: { before: 10, after: 4 }, messages: { before: 10, after: 4 } },
        { rule: 'more', matched: { before: 0, after: 1 }, messages: { before: 0, after: 2 } },
        { rule: 'late', matched: { before: 1, after: 1 }, messages: { before: 1, after: 1 } },
      ],
      whenFailed: { before: 0, after: 0 },
      unplanned: 0,
    });
    expect(result.recipients.map(({ days, ...others }) => [others, days.length])).toEqual([
      [{ recipient: 'anna', before: 10, after: 4 }, 4],
      [{ recipient: 'clara', before: 0, after: 1 }, 1],
      [{ room: 'inbox/Склад', before: 0, after: 1 }, 1],
      [{ recipient: 'boris', before: 1, after: 1 }, 1],
    ]);
    expect(result.recipients[0]!.days.at(-1)).toEqual({ day: '2026-11-19', before: 4, after: 1 });
  });

  it('shows events that differ, with who would newly hear of them and who no longer', async () => {
    const draft = bookWith({ low, late: ruleFor('order.late', ['recipient:clara']) });
    const { result } = await tried(live, draft, history);
    expect(result.samples).toEqual([
      {
        eventId: `evt_${history.at(-1)!.id}`,
        type: 'order.late',
        acceptedAt: '2026-11-19T22:30:00.000Z',
        added: [{ recipient: 'clara', backend: 'inbox', to: 'clara', rule: 'late' }],
        removed: [{ recipient: 'boris', backend: 'inbox', to: 'boris', rule: 'late' }],
      },
    ]);
  });

  it('finds no difference in a book that tells the same people by other rules', async () => {
    const { result } = await tried(live, bookWith({ renamed: low, late }), history);
    expect(result).toMatchObject({ differing: 0, samples: [], messages: { before: 11, after: 11 } });
  });

  it('counts days on the clock of the live book', async () => {
    const { result } = await tried(bookWith({ late }, { settings: { timeZone: 'Europe/Moscow' } }), live, history);
    expect(result.timeZone).toBe('Europe/Moscow');
    expect(result.days.at(-1)).toEqual({ day: '2026-11-20', before: 1, after: 1 });
  });

  it('asks who was on call when the event was accepted', async () => {
    const rotation = {
      members: ['anna', 'boris'],
      starts: '2026-11-16T00:00',
      every: { count: 1, unit: 'days' as const },
    };
    const schedules: Book['schedules'] = new Map([['night', { timeZone: 'UTC', rotations: [rotation] }]]);
    const draft = bookWith({ low: ruleFor('stock.low', ['schedule:night']) }, { schedules });
    const { result } = await tried(bookWith({}), draft, history);
    expect(result.recipients.map(({ recipient, after }) => [recipient, after])).toEqual([
      ['boris', 6],
      ['anna', 4],
    ]);
  });

  it('asks who follows the subjects of both books, once for some events', async () => {
    const asked: string[][] = [];
    const followersOf = async (subjects: readonly string[]) => {
      asked.push([...subjects]);
      return new Map([['stock/W0', ['clara']]]);
    };
    const draft = bookWith({ low: ruleFor('stock.low', ['followers:stock/{{ data.warehouse }}']) });
    const { result } = await tried(live, draft, history, { followersOf });
    expect(asked).toEqual([['stock/W0', 'stock/W1', 'stock/W2', 'stock/W3']]);
    expect(result.recipients).toContainEqual(expect.objectContaining({ recipient: 'clara', before: 0, after: 4 }));
  });

  it('counts events whose `when` failed, and says why', async () => {
    const failing = ruleFor('order.late', ['recipient:anna'], { when: 'data.missing > 1' });
    const { result } = await tried(live, bookWith({ low, late: failing }), history);
    expect(result.whenFailed).toEqual({ before: 0, after: 1 });
    expect(result.notes).toEqual([
      { eventId: `evt_${history.at(-1)!.id}`, note: expect.stringContaining('Rule late did not match') },
    ]);
  });

  it('counts an event that makes the code fail, and goes on', async () => {
    const broken = { ...history[3]! } as EventFacts;
    Object.defineProperty(broken, 'type', {
      get: () => {
        throw new Error('a fault of ours');
      },
    });
    const { result } = await tried(live, live, [broken, ...history]);
    expect(result.notes).toEqual([{ eventId: `evt_${broken.id}`, note: expect.stringContaining('a fault of ours') }]);
    expect(result).toMatchObject({ events: 12, unplanned: 1, messages: { before: 11, after: 11 } });
  });

  it('of no events finds nothing', async () => {
    const { result, steps } = await tried(live, bookWith({}), []);
    expect(result).toMatchObject({ events: 0, differing: 0, days: [], recipients: [], rules: [], samples: [] });
    expect(steps).toEqual([0]);
  });

  it('lets others have their turn every few events, and says how far it is', async () => {
    const many = Array.from({ length: 160 }, () => pastEvent('2026-11-17T10:00:00Z', 'stock.low'));
    expect((await tried(live, live, many)).steps).toEqual([0, 50, 70, 120, 140, 160]);
  });
});
