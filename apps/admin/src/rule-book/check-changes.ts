/** What must hold before several definitions are changed at once: they are checked as the book would stand with all of them. */
import type { BookSettings, ExampleResult, Fault, Rule } from '#contract';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { placeOf, withChanges, type BookChange, type StoredBook } from '#platform/store';
import { faultsOfSettings } from './checks.ts';
import { nounOf, type Plural } from './definition-kind.ts';
import { judgeExamples } from './examples.ts';
import { kinds } from './kinds.ts';
import { allReferences, namesIn } from './references.ts';

/** Most faults that one answer lists. */
const mostFaults = 100;

/** How many definitions are checked at a stretch, before others get their turn. */
const atAStretch = 100;

const pluralOf = new Map(Object.entries(nounOf).map(([plural, noun]) => [noun as string, plural as Plural]));

/** What is wrong with changes of `book`, at most 100 faults, with pointers into the book: `/rules/stock-low/match`. */
export async function faultsOfChanges(book: StoredBook, changes: readonly BookChange[]): Promise<Fault[]> {
  const after = withChanges(book, book.version, changes);
  const faults: Fault[] = [];
  for (const [index, change] of changes.entries()) {
    if (faults.length >= mostFaults) break;
    faults.push(...faultsOfChange(change, after));
    if (index % atAStretch === atAStretch - 1) await nextTurn();
  }
  return [...faults, ...leftBehind(after, changes)].slice(0, mostFaults);
}

function faultsOfChange({ noun, slug, body }: BookChange, after: StoredBook): Fault[] {
  const place = placeOf(noun, slug);
  const at = ({ pointer, detail }: Fault): Fault => ({ pointer: `${place}${pointer}`, detail });
  if (body === undefined) return [];
  if (noun === 'settings') return faultsOfSettings(body as BookSettings, after).map(at);
  const plural = pluralOf.get(noun);
  return plural ? kinds[plural].check(slug, body as never, after).map(at) : [];
}

/** Definitions that nobody changed, but that name what is gone. A group is not gone while recipients name it. */
function leftBehind(after: StoredBook, changes: readonly BookChange[]): Fault[] {
  const removed = changes.filter(({ body }) => body === undefined);
  if (removed.length === 0) return [];
  const gone = new Set(removed.map(({ noun, slug }) => `${noun}/${slug}`));
  const changed = new Set(changes.map(({ noun, slug }) => placeOf(noun, slug)));
  const { groups } = namesIn(after);
  return allReferences(after)
    .filter(({ place, reference: { noun, slug } }) => gone.has(`${noun}/${slug}`) && !changed.has(place))
    .filter(({ reference: { noun, slug } }) => noun !== 'group' || !groups.has(slug))
    .map(({ place, reference: { noun, slug, pointer } }) => ({
      pointer: `${place}${pointer}`,
      detail: `names the ${noun} \`${slug}\`, which would be removed; change it too, or keep that`,
    }));
}

/** What became of the examples of all rules that changes put. */
export function examplesOfChanges(changes: readonly BookChange[]): ExampleResult[] {
  return changes.flatMap(({ noun, slug, body }) => {
    if (noun !== 'rule' || body === undefined) return [];
    return judgeExamples(body as Rule).map(({ kind, index, title, passed, why }) => ({
      rule: slug,
      kind,
      index,
      ...(title === undefined ? {} : { title }),
      passed,
      why,
    }));
  });
}
