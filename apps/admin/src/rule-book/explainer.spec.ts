import type { EventFacts, Rule } from '#contract';
import type { Definitions, StoredBook } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import { Explainer } from './explainer.ts';

const event: EventFacts = { id: 'e', source: 'erp', type: 'stock.low', time: '2026-11-20T09:00:00Z', data: { qty: 3 } };
const ruleFor = (type: string) => ({ enabled: true, match: { type: [type] }, notify: [] }) as unknown as Rule;

/** A book of one rule that can be changed; `loads` counts how often it was read whole. */
function definitionsWith(first: string) {
  const state = { version: 1n, type: first, loads: 0 };
  const definitions: Pick<Definitions, 'version' | 'loadBook'> = {
    version: async () => state.version,
    loadBook: async () => {
      state.loads += 1;
      const { version, type } = state;
      await Promise.resolve();
      const empty = new Map<string, never>();
      const rules = new Map([['low', ruleFor(type)]]);
      return { version, rules, recipients: empty, groups: empty, backends: empty, templates: empty } as StoredBook;
    },
  };
  const change = (type: string): void => {
    state.version += 1n;
    state.type = type;
  };
  return { explainer: new Explainer(definitions as Definitions), state, change };
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
    const refusal = await explainer.explain(event, { enabled: true, match }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'DEFINITION_INVALID',
      faults: [{ pointer: expect.stringMatching(pointer) }],
    });
  });
});
