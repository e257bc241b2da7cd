/** A backend as a courier uses it: its adapter, its opened settings, and the secrets to mask. */
import type { Backend, JsonValue, RetryPolicy, TextRules } from '#contract';
import { faultsOf } from '#contract';
import { secretsOf, type AnyAdapter, type Manifest } from '#backends/kit';
import { adapterOf } from '#backends/registry';
import type { Sealer } from '#platform/store';

/** A backend that can be sent to, or the reason why not. */
export interface BackendState {
  slug: string;
  adapter: AnyAdapter;
  /** What the adapter's manifest made of the settings; absent when they do not fit. */
  settings: Record<string, unknown> | undefined;
  /** Why the settings cannot be used. */
  fault: string | undefined;
  secrets: string[];
  textRules: TextRules;
  retry: RetryPolicy | undefined;
  /** Most messages per period, over all couriers. */
  rate: { max: number; perMs: number } | undefined;
}

/** Opens a backend; `undefined` when this version has no adapter for its type. */
export function openBackend(slug: string, backend: Backend, sealer: Sealer): BackendState | undefined {
  const adapter = adapterOf(backend.type);
  if (!adapter) return undefined;
  const { maxChars, ...text } = adapter.manifest.text;
  return {
    slug,
    adapter,
    textRules: { ...text, maxChars: maxChars.value },
    retry: backend.retry,
    rate: rateOf(adapter.manifest, backend.ratePerSecond),
    ...openSettings(adapter, backend, sealer),
  };
}

function openSettings(
  adapter: AnyAdapter,
  backend: Backend,
  sealer: Sealer,
): Pick<BackendState, 'settings' | 'fault' | 'secrets'> {
  let opened: JsonValue;
  try {
    opened = sealer.open(backend.settings);
  } catch (error) {
    return {
      settings: undefined,
      fault: error instanceof Error ? error.message : 'The secrets cannot be opened.',
      secrets: [],
    };
  }
  const secrets = secretsOf(adapter.manifest, opened as Record<string, unknown>);
  const parsed = adapter.manifest.settings.safeParse(opened);
  if (parsed.success) return { settings: parsed.data, fault: undefined, secrets };
  const faults = faultsOf(parsed.error.issues, '/settings').map((fault) => `${fault.pointer} ${fault.detail}`);
  return { settings: undefined, fault: `The settings no longer fit: ${faults.join('; ')}`, secrets };
}

/** From so many messages per second on they are counted by the tenth of a second, so that they do not come in bursts. */
const smoothFrom = 100;

/** The limit of the queue: the operator's, else the one of the backend type. */
function rateOf({ limits }: Pick<Manifest, 'limits'>, ratePerSecond: number | undefined): BackendState['rate'] {
  if (ratePerSecond === undefined) return limits.rate;
  return ratePerSecond < smoothFrom
    ? { max: ratePerSecond, perMs: 1000 }
    : { max: Math.round(ratePerSecond / 10), perMs: 100 };
}
