import { expect, it } from '@jest/globals';
import { secretFields, type AnyAdapter } from '#backends/kit';
import { faultsOf } from '#contract';
import { z } from 'zod';

const soundsSecret = /secret|password|token|key$/i;

/** Cases about the manifest as data. */
export function describeManifest(adapter: AnyAdapter): void {
  const { manifest } = adapter;
  const fields = Object.entries(manifest.settings.shape) as [string, z.ZodType][];

  it('names itself, its documentation and what an address is', () => {
    expect(manifest.type).toMatch(/^[a-z][a-z0-9-]{1,30}$/);
    expect(manifest.label).not.toBe('');
    expect(manifest.docsUrl).toMatch(/^(https:\/\/|\/docs)/);
    expect(manifest.address.description).not.toBe('');
    const refusals = (['person', 'room'] as const).map((kind) =>
      adapter.refuseAddress?.(manifest.address.example, kind),
    );
    expect(refusals).toContain(undefined);
  });

  it('claims the ability `presence` exactly when it can tell who is online', () => {
    expect(manifest.abilities.includes('presence')).toBe(adapter.presence !== undefined);
  });

  it('says where each of its numbers comes from', () => {
    expect(manifest.text.maxChars.value).toBeGreaterThan(0);
    expect(manifest.text.maxChars.source).not.toBe('');
    if (manifest.limits.rate) expect(manifest.limits.rate.source).not.toBe('');
    expect(manifest.limits.concurrency).toBeGreaterThan(0);
    expect(manifest.limits.timeoutMs).toBeGreaterThanOrEqual(1000);
  });

  it('describes every setting, and marks the secret ones', () => {
    const undescribed = fields.filter(([, schema]) => !schema.description).map(([name]) => name);
    expect(undescribed).toEqual([]);
    const unmarked = fields.map(([name]) => name).filter((name) => soundsSecret.test(name));
    expect(secretFields(manifest)).toEqual(expect.arrayContaining(unmarked));
  });

  it('can be shown as JSON Schema', () => {
    const schema = z.toJSONSchema(manifest.settings, { io: 'input' });
    expect(Object.keys(schema.properties ?? {})).toEqual(fields.map(([name]) => name));
    expect(schema.additionalProperties).toBe(false);
  });
}

/** Cases about the check of settings. */
export function describeSettings(adapter: AnyAdapter, good: () => Record<string, unknown>): void {
  const { settings } = adapter.manifest;
  const pointersOf = (candidate: unknown) => {
    const parsed = settings.safeParse(candidate);
    return parsed.success ? [] : faultsOf(parsed.error.issues).map((fault) => fault.pointer);
  };

  it('accepts good settings, and its own result again', () => {
    expect(pointersOf(good())).toEqual([]);
    expect(settings.parse(settings.parse(good()))).toEqual(settings.parse(good()));
  });

  it('refuses an unknown setting and names it', () => {
    expect(pointersOf({ ...good(), colour: 'red' })).toEqual(['/colour']);
  });

  it('refuses a value of the wrong kind in any field and names the field', () => {
    for (const field of Object.keys(settings.shape)) {
      expect(pointersOf({ ...good(), [field]: [[null]] })).toEqual([expect.stringMatching(`^/${field}(/|$)`)]);
    }
  });

  it('refuses settings that lack a required field and names the field', () => {
    const needed = Object.entries(settings.shape).filter(
      ([, schema]) => !(schema as z.ZodType).safeParse(undefined).success,
    );
    for (const [field] of needed) {
      const { [field]: _, ...rest } = good();
      expect(pointersOf(rest)).toEqual([`/${field}`]);
    }
    expect(() => settings.parse(null)).toThrow();
  });
}
