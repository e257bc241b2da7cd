import { describe, expect, it } from '@jest/globals';
import { nameAfter, pageByName, ruleView, toView } from './views.ts';

const at = new Date('2026-11-20T08:00:00Z');

describe('a page by name', () => {
  it('has a cursor only while there is more, and the cursor leads to where the page ended', () => {
    const first = pageByName('rules', ['a', 'b', 'c'], 2, (name) => name);
    expect(first.items).toEqual(['a', 'b']);
    expect(nameAfter('rules', first.next)).toBe('b');
    expect(pageByName('rules', ['c'], 2, (name) => name)).toEqual({ items: ['c'] });
    expect(nameAfter('rules', undefined)).toBeUndefined();
  });

  it.each([
    ['of another list', Buffer.from('groups:b').toString('base64url')],
    ['with a name that is none', Buffer.from("rules:b' OR 1=1").toString('base64url')],
    ['of nobody', '!!!'],
    ['that is empty', ''],
  ])('refuses a cursor %s', (_name, cursor) => {
    expect(() => nameAfter('rules', cursor)).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID' }));
  });
});

describe('a view', () => {
  it('shows what was sent beside its history, as the schema says', () => {
    const body = { enabled: true, match: {}, notify: [{ to: ['group:a'], strategy: 'first' }] };
    const view = toView({ slug: 'low', body, createdAt: at, updatedAt: at, updatedBy: 'ops', revision: 7n });
    expect(view).toEqual({
      slug: 'low',
      ...body,
      createdAt: '2026-11-20T08:00:00.000Z',
      updatedAt: '2026-11-20T08:00:00.000Z',
      updatedBy: 'ops',
      revision: 7,
    });
    expect(ruleView.safeParse(view).success).toBe(true);
  });
});
