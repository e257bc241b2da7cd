/**
 * `npm run bench -- rules-hostile`: the worst patterns and events that we could think of, each with the time until it is refused,
 * or until it is compiled and until an event of at most 256 kB is judged.
 */
import { checkPattern, compileRules, type RuleCondition, type WhenFailure } from '#domain/rules';
import type { Json } from './rules-mix.ts';

type Pattern = { [key: string]: Json };

interface Case {
  title: string;
  event: string;
  patterns: Pattern[];
  data: Json;
}

function times<Item>(count: number, make: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function fields(count: number, make: (index: number) => Json): Pattern {
  return Object.fromEntries(times(count, (index) => [`f${index}`, make(index)]));
}

function nested(levels: number, inside: Json): Json {
  return times(levels, () => 0).reduce<Json>((at) => [at], inside);
}

/** Objects in which every field of `names` stands under a dotted name, and again within the list below. */
function doubled(names: readonly string[]): Json {
  return names.reduceRight<Json>((below, _, level) => {
    const rest = names.length - level - 1;
    const prefix = 'b.'.repeat(rest);
    return [
      {
        ...Object.fromEntries(names.slice(0, level + 1).map((name) => [prefix + name, 1])),
        [`${prefix}z`]: 1,
        b: below,
      },
    ];
  }, []);
}

const names = times(24, (index) => `a${String(index).padStart(2, '0')}`);
const items = times(3_000, (index): Json => ({ sku: `s${index}`, qty: index % 50, price: index }));
const scalars = times(40_000, (index): Json => index % 100_000);
const sameLists = { f0: times(3_000, (index): Json => ({ x: index, y: index + 1 })) };

const cases: Case[] = [
  {
    title: '`$or` of 10 × 10 × 10 alternatives',
    event: 'three fields',
    patterns: [{ data: fields(3, () => ({ $or: times(10, (index) => ({ [`g${index}`]: [1] })) })) }],
    data: fields(3, () => ({ g9: 1 })),
  },
  {
    title: '200 `$or` of 10 alternatives each',
    event: '',
    patterns: [{ data: fields(200, () => ({ $or: times(10, (index) => ({ [`g${index}`]: [1] })) })) }],
    data: {},
  },
  {
    title: '`$or` inside `$or`, 31 levels deep',
    event: '',
    patterns: [
      {
        data: times(15, (index) => index).reduce<Json>(
          (below, index) => ({ $or: [{ [`l${index}`]: [1] }, { [`r${index}`]: below }] }),
          ['x'],
        ),
      },
    ],
    data: {},
  },
  {
    title: '3,900 values beside 1,000 alternatives',
    event: '',
    patterns: [
      {
        type: times(3_900, (index) => `t${index}`),
        data: { $or: times(1_000, (index) => ({ [`g${index}`]: [{ exists: false }] })) },
      },
    ],
    data: {},
  },
  {
    title: '90 values beside 1,000 alternatives',
    event: 'no fields',
    patterns: [
      {
        type: ['bench', ...times(89, (index) => `t${index}`)],
        data: { $or: times(1_000, (index) => ({ [`g${index}`]: [{ exists: false }] })) },
      },
    ],
    data: {},
  },
  {
    title: '20 asterisks: `a*a*…*b`',
    event: 'a text of 200,000 times `a`',
    patterns: [{ data: { x: [{ wildcard: `${'a*'.repeat(20)}b` }] } }],
    data: { x: 'a'.repeat(200_000) },
  },
  {
    title: '5,000 wildcards with 20 asterisks',
    event: 'a text of 200,000 times `a`',
    patterns: [{ data: { x: times(5_000, (index) => ({ wildcard: `${'*a'.repeat(19)}*b${index}` })) } }],
    data: { x: 'a'.repeat(200_000) },
  },
  {
    title: '5,000 wildcards',
    event: 'a list of 20,000 texts',
    patterns: [{ data: { x: times(5_000, (index) => ({ wildcard: `*x${index}*` })) } }],
    data: { x: times(20_000, (index) => `v${index}`) },
  },
  {
    title: '4,000 prefixes of differing length',
    event: 'a text of 200,000 characters',
    patterns: [{ data: { x: times(4_000, (index) => ({ prefix: 'a'.repeat(index + 1) })) } }],
    data: { x: 'b'.repeat(200_000) },
  },
  {
    title: 'two fields of one element',
    event: 'a list of 3,000 objects that agree on nothing',
    patterns: [{ data: { f0: { x: [{ numeric: ['>', 5] }], y: [5] } } }],
    data: sameLists,
  },
  {
    title: '10,000 rules, each for one SKU and a quantity',
    event: 'a list of 3,000 objects',
    patterns: times(10_000, (index) => ({
      data: { items: { sku: [`s${index}`], qty: [{ numeric: ['<', 1 + (index % 40)] }] } },
    })),
    data: { items },
  },
  {
    title: '10,000 rules, each with two ranges',
    event: 'a list of 3,000 objects',
    patterns: times(10_000, (index) => ({
      data: { items: { qty: [{ numeric: ['>', index % 50] }], price: [{ numeric: ['<', index / 10] }] } },
    })),
    data: { items },
  },
  {
    title: '10,000 rules with a range each',
    event: 'a list of 40,000 numbers',
    patterns: times(10_000, (index) => ({ data: { x: [{ numeric: ['>', index, '<', index + 5_000] }] } })),
    data: { x: scalars },
  },
  {
    title: '10,000 rules `*…*`',
    event: 'a text of 4,000 characters',
    patterns: times(10_000, (index) => ({ data: { x: [{ wildcard: `*x${index}*` }] } })),
    data: { x: 'abcdefgh'.repeat(500) },
  },
  {
    title: 'three fields, one of them absent',
    event: 'lists 90 deep around 10,000 objects',
    patterns: [{ data: { a: { x: [1], y: [2], z: [{ exists: false }] } } }],
    data: {
      a: nested(
        90,
        times(10_000, (index): Json => (index % 2 ? { x: 1, z: 1 } : { y: 2 })),
      ),
    },
  },
  {
    title: '24 fields, two of them absent',
    event: 'lists 24 deep in which every field stands at every depth',
    patterns: [
      {
        data: {
          p: ['b.'.repeat(23)].reduce<Json>(
            (at) => at,
            times(23, () => 0).reduce<Json>((below) => ({ b: below }), {
              ...Object.fromEntries(names.map((name) => [name, [1]])),
              y: [{ exists: false }, 2],
              z: [{ exists: false }, 2],
            }),
          ),
        },
      },
    ],
    data: { p: doubled(names) },
  },
];

function elapsedMs(run: () => void): number {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

console.log('| pattern | event | refused | compile ms | match ms | outcome |\n|---|---|---|---:|---:|---|');
for (const { title, event, patterns, data } of cases) {
  const size = JSON.stringify(data).length;
  if (size > 256 * 1024) throw new Error(`${title}: ${size} bytes are more than an event may have.`);
  let refused: string | undefined;
  const readMs = elapsedMs(() => (refused = checkPattern(patterns[0])[0]?.detail));
  if (refused !== undefined) {
    console.log(`| ${title} | ${event} | after ${readMs.toFixed(0)} ms: "${refused.split(';', 1)[0]}" | – | – | – |`);
    continue;
  }
  const rules = patterns.map((match, index) => [`r${index}`, { match }] as const);
  let set = compileRules<RuleCondition>([]);
  const compileMs = elapsedMs(() => (set = compileRules<RuleCondition>(rules)));
  const failures: WhenFailure[] = [];
  let matched = 0;
  const facts = { id: '1', source: 'bench', type: 'bench', time: '2026-11-20T10:00:00Z', data };
  const matchMs = elapsedMs(() => (matched = set.match(facts, failures).length));
  const outcome =
    failures.length > 0 ? `given up: ${failures.length} of ${rules.length}` : `${matched} of ${rules.length} match`;
  console.log(`| ${title} | ${event} | no | ${compileMs.toFixed(0)} | ${matchMs.toFixed(0)} | ${outcome} |`);
}
