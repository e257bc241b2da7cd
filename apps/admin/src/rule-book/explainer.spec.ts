import type { EventFacts, Rule } from '#contract';
import { emptyBook, type Database, type Definitions, type Revisions } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import { Explainer } from './explainer.ts';

const event: EventFacts = { id: 'e', source: 'erp', type: 'stock.low', time: '2026-11-20T09:00:00Z', data: { qty: 3 } };
const ruleFor = (type: string) => ({ enabled: true, match: { type: [type] }, notify: [] }) as unknown as Rule;

/** Nothing is followed in these books, so nothing is asked of it. */
const database = {} as Pick<Database, 'pool'>;

const noDrafts = { loadBook: () => Promise.reject(new Error('there are no drafts here')) };

/** A book of one rule that can be changed; `loads` counts how often it was read whole. */
function definitionsWith(first: string) {
  const state = { version: 1n, type: first, loads: 0 };
  const definitions: Pick<Definitions, 'version' | 'loadBook'> = {
    version: async () => state.version,
    loadBook: async () => {
      state.loads += 1;
      const { version, type } = state;
      await Promise.resolve();
      return { ...emptyBook(version), rules: new Map([['low', ruleFor(type)]]) };
    },
  };
  const asked: bigint[] = [];
  const revisions: Pick<Revisions, 'bookAt'> = {
    bookAt: async (number) => {
      asked.push(number);
      if (number === 0n) throw new Error('PostgreSQL is away');
      const rules = new Map([['low', ruleFor(`then-${number}`)]]);
      return number > 90n ? undefined : { ...emptyBook(number), rules };
    },
  };
  const change = (type: string): void => {
    state.version += 1n;
    state.type = type;
  };
  return { explainer: new Explainer(database, definitions, revisions, noDrafts), state, change, asked };
}

describe('the explainer', () => {
  it('compiles a version of the book once, however many ask', async () => {
    const { explainer, state } = definitionsWith('stock.low');
    const answers = await Promise.all(Array.from({ length: 20 }, () => explainer.explain(event)));
    await explainer.explain(event);
    expect(answers.every(({ rules }) => rules[0]!.matched)).toBe(true);
    expect(state.loads).toBe(1);
  });

  it('answers by a change that was made before the question, also while the book before it is being read', async () => {
    const { explainer, change } = definitionsWith('stock.low');
    const before = explainer.explain(event);
    await Promise.resolve();
    change('other');
    const after = explainer.explain(event);
    expect((await before).rules[0]!.matched).toBe(true);
    expect((await after).rules[0]!.matched).toBe(false);
  });

  it.each([
    [{ type: [{ near: 1 }] }, '/rule/match/type/0'],
    [{ data: { qty: [] } }, '/rule/match/data/qty'],
    [{ colour: ['red'] }, '/rule/match/colour'],
  ])('points below the pattern that could not work: %j', async (match, pointer) => {
    const { explainer } = definitionsWith('stock.low');
    const refusal = await explainer.explain(event, { rule: { enabled: true, match } }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'DEFINITION_INVALID',
      faults: [{ pointer: expect.stringMatching(pointer) }],
    });
  });

  it('judges an event of the past by the book of then, which it reads once, and says so when that is no longer known', async () => {
    const { explainer, asked } = definitionsWith('stock.low');
    const expected = [{ failures: [{ path: 'type', expected: ['then-7'], actual: 'stock.low' }] }];
    expect(await explainer.missesAt(7, event)).toMatchObject(expected);
    expect(await explainer.missesAt(7, event)).toMatchObject(expected);
    expect(await explainer.missesAt(91, event)).toBeUndefined();
    // The book of now is at hand.
    expect(await explainer.missesAt(1, event)).toEqual([]);
    expect(asked).toEqual([7n, 91n]);
  });

  it('asks again for a book of the past that could not be read', async () => {
    const { explainer, asked } = definitionsWith('stock.low');
    await expect(explainer.missesAt(0, event)).rejects.toThrow('away');
    await expect(explainer.missesAt(0, event)).rejects.toThrow('away');
    expect(asked).toEqual([0n, 0n]);
  });
});
