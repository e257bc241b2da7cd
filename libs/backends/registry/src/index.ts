/** The list of backend types: one import and one entry each. */
import { adapter as inbox } from '#backends/inbox';
import type { AnyAdapter } from '#backends/kit';
import { adapter as mychat } from '#backends/mychat';
import { adapter as webhook } from '#backends/webhook';

const adapters: readonly AnyAdapter[] = [inbox, webhook, mychat];

const byType = new Map(adapters.map((adapter) => [adapter.manifest.type, adapter]));

/** All adapters, in the order of the list. */
export function allAdapters(): readonly AnyAdapter[] {
  return adapters;
}

/** The adapter of a backend type; `undefined` for an unknown one. */
export function adapterOf(type: string): AnyAdapter | undefined {
  return byType.get(type);
}
