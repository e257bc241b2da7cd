/** Secrets of a backend go in and never come out: sealed before they are stored, masked when they are shown. */
import { secretFields, targetFields, type Manifest } from '#backends/kit';
import { secretMask, type Backend, type Fault, type JsonValue } from '#contract';
import type { Sealer } from '#platform/store';
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';

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
 * changes when nothing changed. A mask is refused when a setting that says where to send changes: who may edit a backend
 * need not know its secrets, and must not learn them by sending them to himself. `stored` is the backend as it is now, with
 * sealed settings.
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
  const moved = movedTargets(manifest, wanted, present);
  for (const field of secretFields(manifest)) {
    if (wanted[field] === undefined) continue;
    if (wanted[field] === secretMask && present[field] !== undefined && moved.length > 0)
      admitted.faults.push({ pointer: `/settings/${field}`, detail: whyNotTakenAlong(moved) });
    else admitSecret(admitted, field, present[field], sealer);
  }
  return admitted;
}

/** The settings that say where to send and would no longer say the same, defaults counted in. */
function movedTargets(
  manifest: Pick<Manifest, 'settings'>,
  wanted: Record<string, JsonValue>,
  present: Record<string, JsonValue>,
): string[] {
  return targetFields(manifest).filter((field) => {
    const schema = manifest.settings.shape[field] as z.ZodType;
    return !isDeepStrictEqual(meaningOf(schema, wanted[field]), meaningOf(schema, present[field]));
  });
}

function meaningOf(schema: z.ZodType, value: JsonValue | undefined): unknown {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : value;
}

function whyNotTakenAlong(moved: readonly string[]): string {
  const settings = moved.map((field) => `\`${field}\``).join(', ');
  return `is kept only where it was entered for, and ${settings} changes; send it again: it would now go to another place`;
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
