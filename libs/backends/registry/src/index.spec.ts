import { describe, expect, it } from '@jest/globals';
import { adapterOf, allAdapters } from './index.ts';

describe('the registry', () => {
  it('finds each of its adapters by type', () => {
    expect(allAdapters().length).toBeGreaterThan(0);
    for (const adapter of allAdapters()) expect(adapterOf(adapter.manifest.type)).toBe(adapter);
  });

  it('lists a type once', () => {
    const types = allAdapters().map((adapter) => adapter.manifest.type);
    expect(new Set(types).size).toBe(types.length);
  });

  it('knows no adapter of an unknown type, not even of one that every object has', () => {
    expect(adapterOf('pigeon')).toBeUndefined();
    expect(adapterOf('constructor')).toBeUndefined();
  });
});
