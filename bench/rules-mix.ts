/**
 * A book of rules and a stream of events as an ERP makes them, from a fixed seed. What is common in such books is common here:
 * most rules name a type, a few types have most of the rules and of the events, some rules hold for a whole area or for
 * one customer whatever happens.
 */

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** An event of the stream. */
export interface MixEvent {
  id: string;
  source: string;
  type: string;
  subject: string;
  time: string;
  correlationKey: string;
  data: { [key: string]: Json };
}

/** A random number generator (mulberry32), so that every run has the same rules and events. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed;
  }

  /** A number from 0 to below 1. */
  roll(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.roll() * count);
  }

  /** One of a list, all equally likely. */
  one<Item>(list: readonly Item[]): Item {
    return list[this.below(list.length)] as Item;
  }

  /** One of a list, the first ones far more likely: about half of the picks fall on the first sixth. */
  often<Item>(list: readonly Item[]): Item {
    return list[Math.floor(this.roll() ** 2.5 * list.length)] as Item;
  }

  /** Whether something of this likelihood happens. */
  chance(likelihood: number): boolean {
    return this.roll() < likelihood;
  }
}

const areas = [
  'warehouse',
  'order',
  'invoice',
  'purchase',
  'shipment',
  'production',
  'payment',
  'customer',
  'price',
  'return',
];
const things = ['stock', 'line', 'document', 'batch', 'approval', 'item', 'plan', 'limit'];
const verbs = ['created', 'changed', 'blocked', 'low', 'overdue'];

/** The 400 types of events, the same few at the front for rules and events alike. */
const types = shuffled(
  areas.flatMap((area) => things.flatMap((thing) => verbs.map((verb) => `${area}.${thing}.${verb}`))),
);
const warehouses = ['MSK', 'SPB', 'KZN', 'EKB', 'NSK', 'RND', 'SAM', 'VVO'].flatMap((city) =>
  [1, 2, 3, 4, 5].map((number) => `${city}-${number}`),
);
const customers = numbered('C-', 3000);
const skus = numbered('SKU-', 5000);
const departments = ['sales', 'logistics', 'finance', 'production', 'quality', 'it', 'hr', 'purchasing'];
const states = ['draft', 'open', 'approved', 'blocked', 'shipped', 'done', 'cancelled'];
const currencies = ['RUB', 'USD', 'EUR', 'CNY'];
const regions = ['central', 'northwest', 'volga', 'ural', 'siberia', 'south', 'far-east'];
const tags = ['urgent', 'export', 'fragile', 'cold', 'vip', 'audit', 'recall', 'oversize', 'b2b', 'retail'];
const sources = ['erp-main', 'wms', 'crm', 'mes', 'test-erp'];

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${10_000 + index}`);
}

function shuffled<Item>(list: Item[]): Item[] {
  const dice = new Dice(17);
  const keyed = list.map((item): [number, Item] => [dice.roll(), item]);
  return keyed.sort(([one], [other]) => one - other).map(([, item]) => item);
}

type Pattern = { [key: string]: Json };
type Template = readonly [share: number, make: (dice: Dice) => Pattern];

function some<Item>(dice: Dice, list: readonly Item[], most: number): Item[] {
  return [...new Set(Array.from({ length: 1 + dice.below(most) }, () => dice.one(list)))];
}

function typeOf(dice: Dice, most = 1): Json {
  return [...new Set(Array.from({ length: most === 1 ? 1 : 2 + dice.below(most - 1) }, () => dice.often(types)))];
}

const areaPrefix = (dice: Dice): Json => [{ prefix: `${dice.often(types).split('.', 1)[0]}.` }];
const atLeast = (dice: Dice): number => Math.round(10 ** (3 + dice.roll() * 3));

/** The kinds of rules and how many of a hundred are of each. */
const templates: readonly Template[] = [
  [
    25,
    (dice) => ({
      type: typeOf(dice),
      data: { warehouse: some(dice, warehouses, 3), qty: [{ numeric: ['<', 1 + dice.below(200)] }] },
    }),
  ],
  [
    12,
    (dice) => {
      const low = atLeast(dice);
      return {
        type: typeOf(dice),
        data: { amount: [{ numeric: ['>=', low, '<', low * 10] }], currency: some(dice, currencies, 2) },
      };
    },
  ],
  [10, (dice) => ({ type: typeOf(dice), data: { customer: { id: some(dice, customers, 5) } } })],
  [
    8,
    (dice) => ({
      type: typeOf(dice),
      data: {
        state: [{ 'anything-but': some(dice, states, 2) }],
        department: [dice.one(departments)],
        region: [dice.one(regions)],
      },
    }),
  ],
  [
    7,
    (dice) => ({
      type: typeOf(dice),
      data: {
        managerId: [{ exists: true }],
        department: some(dice, departments, 2),
        priority: [{ numeric: ['>=', 3 + dice.below(3)] }],
      },
    }),
  ],
  [
    5,
    (dice) => ({
      type: typeOf(dice),
      data: {
        handledBy: [{ exists: false }],
        warehouse: [{ prefix: `${dice.one(warehouses).slice(0, 3)}-` }],
        amount: [{ numeric: ['>', atLeast(dice)] }],
      },
    }),
  ],
  [
    6,
    (dice) => ({
      type: typeOf(dice),
      data: { items: { sku: some(dice, skus, 4), qty: [{ numeric: ['<', 1 + dice.below(50)] }] } },
    }),
  ],
  [6, (dice) => ({ type: typeOf(dice, 4), data: { priority: [5], region: some(dice, regions, 2) } })],
  [5, (dice) => ({ type: areaPrefix(dice), data: { customer: { id: some(dice, customers, 2) } } })],
  [
    4,
    (dice) => ({
      type: areaPrefix(dice),
      source: [{ 'anything-but': { prefix: 'test-' } }],
      data: { warehouse: [dice.one(warehouses)], amount: [{ numeric: ['>', atLeast(dice)] }], priority: [5] },
    }),
  ],
  [
    4,
    (dice) => ({
      type: typeOf(dice),
      data: {
        warehouse: [dice.one(warehouses)],
        $or: [{ amount: [{ numeric: ['>', atLeast(dice)] }] }, { customer: { vip: [true] } }],
      },
    }),
  ],
  [3, (dice) => ({ subject: [{ suffix: `/${dice.one(skus).slice(4)}` }], type: [{ suffix: `.${dice.one(verbs)}` }] })],
  [
    2,
    (dice) => ({
      type: typeOf(dice),
      subject: [{ wildcard: `${dice.one(['order', 'sku', 'doc'])}/*${dice.below(100)}` }],
    }),
  ],
  [
    2,
    (dice) => ({
      data: {
        tags: [dice.one(tags)],
        region: [dice.one(regions)],
        department: [dice.one(departments)],
        priority: [5],
        state: ['blocked'],
      },
    }),
  ],
  [
    1,
    (dice) => ({
      type: [{ 'equals-ignore-case': dice.often(types).toUpperCase() }],
      data: { currency: [dice.one(currencies)], host: [{ cidr: `10.${dice.below(256)}.0.0/16` }] },
    }),
  ],
];

/** Makes a book: slug and rule. Larger books begin like smaller ones. */
export function makeRules(count: number): [slug: string, rule: { match: Pattern }][] {
  const dice = new Dice(4711);
  return Array.from({ length: count }, (_, index) => [`rule-${String(index).padStart(6, '0')}`, makeRule(dice)]);
}

/** Makes one rule of the mix. */
export function makeRule(dice: Dice): { match: Pattern } {
  let left = dice.roll() * 100;
  for (const [share, make] of templates) if ((left -= share) < 0) return { match: make(dice) };
  return makeRule(dice);
}

/** Makes events of about 600 bytes. */
export function makeEvents(count: number): MixEvent[] {
  const dice = new Dice(42);
  return Array.from({ length: count }, (_, index) => makeEvent(dice, index));
}

function makeEvent(dice: Dice, index: number): MixEvent {
  const type = dice.often(types);
  const item = (): Json => ({ sku: dice.often(skus), qty: 1 + dice.below(300) });
  const subject = `${dice.one(['order', 'sku', 'doc'])}/${10_000 + dice.below(5000)}`;
  return {
    id: `0199a1b2-0000-7000-8000-${String(index).padStart(12, '0')}`,
    source: dice.often(sources),
    type,
    subject,
    time: '2026-11-20T10:00:00Z',
    correlationKey: subject,
    data: {
      document: `D-${100_000 + dice.below(900_000)}`,
      warehouse: dice.one(warehouses),
      qty: dice.below(500),
      amount: Math.round(10 ** (2 + dice.roll() * 4) * 100) / 100,
      currency: dice.often(currencies),
      state: dice.one(states),
      department: dice.one(departments),
      region: dice.one(regions),
      priority: 1 + dice.below(5),
      customer: { id: dice.often(customers), name: `Customer no. ${dice.below(3000)}`, vip: dice.chance(0.05) },
      ...(dice.chance(0.5) ? { managerId: `u${dice.below(500)}` } : {}),
      ...(dice.chance(0.3) ? { handledBy: `u${dice.below(500)}` } : {}),
      tags: [dice.one(tags), dice.one(tags)],
      items: [item(), item(), item()],
      host: `10.${dice.below(256)}.${dice.below(256)}.7`,
    },
  };
}
