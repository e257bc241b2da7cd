import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Dialect, EventFacts, Template } from '#contract';
import { toDialect } from './dialect.ts';
import { checkTemplate, compileTemplate } from './template.ts';
import { viewOf } from './view.ts';

interface Fence {
  kind: string;
  body: string;
}

const manual = readFileSync(new URL('../TEMPLATES.md', import.meta.url), 'utf8');
const fences = [...manual.matchAll(/^```([a-z ]+)\n([\s\S]*?)\n```$/gm)].map(([, kind, body]): Fence => ({
  kind: kind!,
  body: body!,
}));
const event = JSON.parse(fences.find(({ kind }) => kind === 'json event')!.body) as EventFacts;
const recipient = { slug: 'anna', displayName: 'Anna', locale: 'ru', timeZone: 'Europe/Moscow' };

const dialectOf: Record<string, Dialect> = { text: 'plain', html: 'html', md: 'markdown' };

/** Every template of the manual with the outcomes that stand below it. */
const examples = fences.flatMap(({ kind, body }, index) => {
  if (kind !== 'liquid' && kind !== 'json template') return [];
  const template = kind === 'liquid' ? { text: body } : (JSON.parse(body) as Template);
  const rest = fences.slice(index + 1);
  const end = rest.findIndex((fence) => !(fence.kind in dialectOf));
  return [{ name: body.split('\n')[0]!, template, outcomes: end < 0 ? rest : rest.slice(0, end) }];
});

describe('the manual of templates', () => {
  it('has an outcome for each of its examples', () => {
    expect(examples.length).toBeGreaterThan(7);
    expect(examples.filter(({ outcomes }) => outcomes.length === 0)).toEqual([]);
  });

  it.each(examples)('tells the truth about $name', ({ template, outcomes }) => {
    expect(checkTemplate(template)).toEqual([]);
    const message = compileTemplate(template).render(viewOf(event, { recipient, rule: 'stock-low' }));
    for (const { kind, body } of outcomes) {
      const dialect = dialectOf[kind]!;
      const { parts } = toDialect(message, {
        dialect,
        title: 'inline',
        maxChars: 10_000,
        unit: 'codePoints',
        overflow: 'cut',
      });
      expect(parts[0]!.replace(/[\u00a0\u202f]/g, ' ').trim()).toBe(body.trim());
    }
  });

  it.each(fences.filter(({ kind }) => kind === 'refused'))('is right that $body is refused', ({ body }) => {
    expect(checkTemplate({ text: body })).toHaveLength(1);
  });
});
