/** The list of backend types: one import and one entry each. */
import type { AnyAdapter } from '#backends/kit';

const adapters: readonly AnyAdapter[] = [];

const byType = new Map(adapters.map((adapter) => [adapter.manifest.type, adapter]));

/** All adapters, in the order of the list. */
export function allAdapters(): readonly AnyAdapter[] {
  return adapters;
}

/** The adapter of a backend type; `undefined` for an unknown one. */
export function adapterOf(type: string): AnyAdapter | undefined {
  return byType.get(type);
}
