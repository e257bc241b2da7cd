/**
 * `npm run bench -- rules`: from the JSON text of an event to the list of rules that match, on one thread, for books of 10 to
 * 50,000 rules, in CPU time; beside json-rules-engine and, where it is installed, fast-json-rules-engine. RULES_ROUNDS and RULES_SECONDS
 * change how many rounds there are and how long each measurement takes.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { compileRules, type RuleCondition, type RuleSet } from '#domain/rules';
import { Dice, makeEvents, makeRule, makeRules, type MixEvent } from './rules-mix.ts';
import { fitsPlainly } from './rules-naive.ts';
import { fastJsonRulesEngine, jsonRulesEngine, type Contender } from './rules-others.ts';

const sizes = [10, 100, 1_000, 10_000, 50_000];
const rounds = Number(process.env['RULES_ROUNDS'] ?? 5);
const seconds = Number(process.env['RULES_SECONDS'] ?? 1);
const events = makeEvents(5_000);
const texts = events.map((event) => JSON.stringify(event));
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

type Rules = ReturnType<typeof makeRules>;

interface Book {
  size: number;
  rules: Rules;
  set: RuleSet<RuleCondition>;
  compileMs: number;
  heapMib: number;
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? NaN;
}

/** CPU time of this process in milliseconds, garbage collection included: other work on the machine must not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function elapsedMs(run: () => void): number {
  const start = cpuMs();
  run();
  return cpuMs() - start;
}

function heapMib(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

function makeBook(size: number): Book {
  const rules = makeRules(size);
  const compileMs = median([1, 2, 3].map(() => elapsedMs(() => void compileRules<RuleCondition>(rules))));
  const before = heapMib();
  const set = compileRules<RuleCondition>(rules);
  return { size, rules, set, compileMs, heapMib: heapMib() - before };
}

/** Runs through the events again and again for the time of one measurement; answers events per CPU second. */
function rateOf(run: (index: number) => void): number {
  const start = cpuMs();
  let done = 0;
  for (;;) {
    for (let step = 0; step < 100; step += 1) run(done++ % texts.length);
    const taken = cpuMs() - start;
    if (taken >= seconds * 1000) return (done / taken) * 1000;
  }
}

/** Compares the matches of some events with those of judging every rule by itself. */
function check({ size, rules, set }: Book): void {
  const sample = events.slice(0, Math.max(20, Math.min(2_000, 5_000_000 / size)));
  for (const event of sample) {
    const expected = rules.flatMap(([slug, { match }]) => (fitsPlainly(match, event) ? [slug] : []));
    const got = set.match(event).map(({ slug }) => slug);
    if (got.join() !== expected.join()) throw new Error(`${size} rules: ${got.join()} instead of ${expected.join()}`);
  }
}

function meanOf(measure: (event: MixEvent) => number): number {
  return events.reduce((sum, event) => sum + measure(event), 0) / events.length;
}

/** Changes, removes and adds rules one by one, each followed by a match; answers the milliseconds of each change. */
function changes(book: Book): number[] {
  const dice = new Dice(99);
  let set = book.set;
  const taken = Array.from({ length: 600 }, (_, index) => {
    const [slug, rule] = book.rules[dice.below(book.size)] as Rules[number];
    const change = (
      [
        [slug, makeRule(dice)],
        [slug, undefined],
        [`${slug}-new`, rule],
      ] as const
    )[index % 3]!;
    const ms = elapsedMs(() => (set = set.update([change])));
    set.match(events[index] as MixEvent);
    return ms;
  });
  return taken.sort((one, other) => one - other);
}

async function rateOfOther(contender: Contender): Promise<number> {
  const start = cpuMs();
  let done = 0;
  // They are slow with many rules, so they get fewer events: as many as fit into the time, at least one.
  do await contender.matches(JSON.parse(texts[done++ % texts.length] as string) as MixEvent);
  while (cpuMs() - start < seconds * 1000);
  return (done / (cpuMs() - start)) * 1000;
}

async function contendersOf(book: Book): Promise<Contender[]> {
  const found = [jsonRulesEngine(book.rules), await fastJsonRulesEngine(book.rules)];
  const contenders = found.filter((one) => one !== undefined);
  for (const one of contenders) {
    for (const event of events.slice(0, 5)) {
      const [theirs, ours] = [await one.matches(event), book.set.match(event).length];
      if (theirs !== ours) throw new Error(`${one.name}: ${theirs} matches instead of ${ours} with ${book.size} rules`);
    }
  }
  return contenders;
}

async function measure(books: readonly Book[]): Promise<Map<string, number[]>> {
  const rates = new Map<string, number[]>();
  const note = (size: number, what: string, rate: number): void => {
    const key = `${size} ${what}`;
    rates.set(key, [...(rates.get(key) ?? []), rate]);
  };
  for (let round = 1; round <= rounds; round += 1) {
    note(
      0,
      'parse',
      rateOf((index) => void JSON.parse(texts[index] as string)),
    );
    for (const { size, set } of books) {
      note(
        size,
        'text',
        rateOf((index) => void set.match(JSON.parse(texts[index] as string) as MixEvent)),
      );
      note(
        size,
        'object',
        rateOf((index) => void set.match(events[index] as MixEvent)),
      );
    }
    process.stderr.write(`round ${round} of ${rounds}\n`);
  }
  for (const book of books) {
    for (const contender of await contendersOf(book))
      for (let round = 1; round <= Math.min(rounds, 3); round += 1)
        note(book.size, contender.name, await rateOfOther(contender));
    process.stderr.write(`the others with ${book.size} rules are done\n`);
  }
  return rates;
}

function print(books: readonly Book[], rates: ReadonlyMap<string, number[]>): void {
  const rate = (size: number, what: string): number => median(rates.get(`${size} ${what}`) ?? []);
  const shown = (value: number, digits = 0): string => (Number.isNaN(value) ? '–' : value.toFixed(digits));
  const others = ['json-rules-engine', 'fast-json-rules-engine'];
  console.log(
    `JSON.parse alone: ${shown(rate(0, 'parse'))} events/s; ${meanOf((event) => JSON.stringify(event).length).toFixed(0)} bytes per event\n`,
  );
  console.log(
    `| rules | from text / CPU s | from object / CPU s | ${others.map((name) => `${name} /s | times as fast`).join(' | ')} | matches | candidates |`,
  );
  console.log(`|---:|---:|---:|${'---:|'.repeat(2 * others.length)}---:|---:|`);
  for (const { size, set } of books) {
    const ours = rate(size, 'text');
    const beside = others.map((name) => {
      const theirs = rate(size, name);
      return `${shown(theirs, theirs < 10 ? 2 : 0)} | ${shown(ours / theirs)}`;
    });
    const means = [meanOf((event) => set.match(event).length), meanOf((event) => set.candidates(event))];
    console.log(
      `| ${size} | ${shown(ours)} | ${shown(rate(size, 'object'))} | ${beside.join(' | ')} | ${means.map((mean) => mean.toFixed(2)).join(' | ')} |`,
    );
  }
  console.log(
    '\n| rules | compile ms | heap MiB | one change p50 ms | p99 ms | worst ms | explain ms |\n|---:|---:|---:|---:|---:|---:|---:|',
  );
  for (const book of books) {
    const explainMs = median(events.slice(0, 5).map((event) => elapsedMs(() => void book.set.explain(event))));
    const taken = changes(book);
    const picked = [taken[300], taken[594], taken[599]].map((ms) => (ms as number).toFixed(3));
    console.log(
      `| ${book.size} | ${book.compileMs.toFixed(1)} | ${book.heapMib.toFixed(1)} | ${picked.join(' | ')} | ${explainMs.toFixed(1)} |`,
    );
  }
}

const books = sizes.map(makeBook);
books.forEach(check);
process.stderr.write('The matches are those of judging every rule by itself.\n');
print(books, await measure(books));
