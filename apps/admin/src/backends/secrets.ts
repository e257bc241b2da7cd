/** Secrets of a backend go in and never come out: sealed before they are stored, masked when they are shown. */
import { secretFields, type Manifest } from '#backends/kit';
import { secretMask, type Backend, type Fault, type JsonValue } from '#contract';
import type { Sealer } from '#platform/store';
import { isDeepStrictEqual } from 'node:util';

/** Settings on their way in: what the adapter will see, what is stored, and where they do not work. */
export interface Admitted {
  /** With secrets in the clear, for checking against the manifest. */
  opened: Record<string, JsonValue>;
  /** With secrets sealed. */
  sealed: Record<string, JsonValue>;
  faults: Fault[];
  /** Secrets that were taken over from what is stored: field → sealed value. */
  kept: Record<string, JsonValue>;
}

/**
 * Seals the secrets of new settings. A mask keeps the stored secret, as does sending the same secret again, so that nothing
 * changes when nothing changed. `stored` is the backend as it is now, with sealed settings.
 */
export function admitSettings(
  manifest: Pick<Manifest, 'settings' | 'type'>,
  wanted: Record<string, JsonValue>,
  stored: Backend | undefined,
  sealer: Sealer,
): Admitted {
  const admitted: Admitted = {
    opened: { ...wanted },
    sealed: { ...wanted },
    faults: foreignSeals(wanted, '/settings'),
    kept: {},
  };
  if (admitted.faults.length > 0) return admitted;
  const present = stored?.type === manifest.type ? stored.settings : {};
  for (const field of secretFields(manifest)) {
    if (wanted[field] !== undefined) admitSecret(admitted, field, present[field], sealer);
  }
  return admitted;
}

function admitSecret(admitted: Admitted, field: string, stored: JsonValue | undefined, sealer: Sealer): void {
  const wanted = admitted.opened[field]!;
  const opened = stored === undefined ? undefined : tryOpen(stored, sealer);
  if (wanted === secretMask) {
    if (opened) admitted.opened[field] = opened.value;
    else admitted.faults.push({ pointer: `/settings/${field}`, detail: whyNotKept(stored) });
  }
  const unchanged = opened && isDeepStrictEqual(opened.value, admitted.opened[field]);
  if (unchanged) admitted.kept[field] = stored!;
  admitted.sealed[field] = unchanged ? stored! : sealer.seal(admitted.opened[field]!);
}

function whyNotKept(stored: JsonValue | undefined): string {
  if (stored === undefined) return 'is the mask of a secret, but no secret is stored here that it could keep';
  return 'is stored, but sealed with another SECRET_KEY; enter it anew';
}

function tryOpen(sealed: JsonValue, sealer: Sealer): { value: JsonValue } | undefined {
  try {
    return { value: sealer.open(sealed) };
  } catch {
    // Sealed with another SECRET_KEY: whoever enters the secret anew must be able to.
    return undefined;
  }
}

/** Objects that look sealed may only come from our own sealer; from outside they would be opened with our key. */
function foreignSeals(value: JsonValue, pointer: string): Fault[] {
  if (value === null || typeof value !== 'object') return [];
  if (!Array.isArray(value) && '$sealed' in value) return [{ pointer, detail: 'must not hold `$sealed`' }];
  return Object.entries(value).flatMap(([key, inner]) =>
    foreignSeals(inner, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
}
