/**
 * `npm run bench -- when-hostile`: the dearest expressions that we could think of, each with an event of at most 256 kB, and whether
 * it is refused when saved, given up on the event, or how long it takes.
 */
import { checkWhen, compileRules, type RuleCondition, type WhenFailure } from '#domain/rules';
import type { Json } from './rules-mix.ts';

type Case = [title: string, expression: string, event: string, data: Json];

const numbers = (count: number): Json => Array.from({ length: count }, (_, index) => index % 1000);
const letters = (count: number): string => 'a'.repeat(count);
const repeated = (count: number, part: string, by: string): string =>
  Array.from({ length: count }, () => part).join(by);
const pairs = 'data.n.all(x, data.n.exists(y, x == y))';

const cases: Case[] = [
  ['each of a list with each', pairs, '400 numbers', { n: numbers(400) }],
  ['each of a list with each', pairs, '3,000 numbers', { n: numbers(3000) }],
  ['three loops inside each other', 'data.n.all(a, data.n.all(b, data.n.all(c, a + b > c)))', '', {}],
  ['nine loops', repeated(9, 'data.n.all(x, true)', ' || '), '', {}],
  ['600 nodes', repeated(300, 'true', ' && '), '', {}],
  ['one loop', 'data.n.all(x, x >= 0)', '50,000 numbers', { n: numbers(50_000) }],
  ['a sum over a list', 'data.n.map(x, x * 2).sum() > 0', '50,000 numbers', { n: numbers(50_000) }],
  [
    'a text in every turn',
    'data.n.all(x, !data.t.contains("ab"))',
    '300 numbers, 100,000 characters',
    {
      n: numbers(300),
      t: letters(100_000),
    },
  ],
  [
    'a text in every turn',
    'data.n.all(x, data.t.lower() != "b")',
    '10,000 numbers, 100,000 characters',
    {
      n: numbers(10_000),
      t: letters(100_000),
    },
  ],
  ['a text in pieces', 'data.t.split("").all(c, c == "a")', '60,000 characters', { t: letters(60_000) }],
  [
    'a text 60 times over',
    `(${repeated(60, 'data.t', ' + ')}).lower().contains("b")`,
    '200,000 characters',
    {
      t: letters(200_000),
    },
  ],
  ['`a?a?a?.*a.*b`', 'data.t.matches("a?a?a?.*a.*b")', '200,000 characters', { t: letters(200_000) }],
  ['`(a+)+b`', 'data.t.matches("(a+)+b")', '200,000 characters', { t: letters(200_000) }],
  ['`(a{1,250}b){1,2}c`', 'data.t.matches("(a{1,250}b){1,2}c")', '20,000 characters', { t: 'ab'.repeat(10_000) }],
  ['`a{900}b{900}`', 'data.t.matches("a{900}b{900}")', '', {}],
  [
    'a regular expression in every turn',
    'data.n.all(x, !data.t.matches("b.*c"))',
    '3,000 numbers, 500 characters',
    {
      n: numbers(3000),
      t: letters(500),
    },
  ],
  [
    'decimals of 64 digits',
    `${repeated(90, 'decimal(data.d)', ' * ')} > decimal(1)`,
    '64 digits',
    { d: '9'.repeat(64) },
  ],
];

console.log('| expression | event | outcome | ms |\n|---|---|---|---:|');
for (const [title, when, event, data] of cases) {
  const [fault] = checkWhen(when);
  if (fault) {
    console.log(`| ${title} | ${event} | refused when saved: ${fault.detail.split(';', 1)[0]} | – |`);
    continue;
  }
  const rules = compileRules<RuleCondition>([['r', { match: {}, when }]]);
  const failures: WhenFailure[] = [];
  const facts = { id: '1', source: 'bench', type: 'bench', time: '2026-11-20T10:00:00Z', data };
  const start = process.hrtime.bigint();
  const matched = rules.match(facts, failures).length;
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  const outcome = failures[0]?.reason.replace('when could not be evaluated: ', '') ?? (matched ? 'true' : 'false');
  console.log(`| ${title} | ${event} | ${outcome} | ${ms.toFixed(1)} |`);
}
