import type { ReadinessCheck } from '../keys.ts';

/** What a check found: `ok`, or why not. */
export type CheckStates = Record<string, string>;

/** Whether a process can work, and what each check found. */
export interface Readiness {
  ready: boolean;
  checks: CheckStates;
}

/** Longest time that one check may take, in milliseconds. */
export const checkTimeoutMs = 2000;

/** Runs all checks side by side; one that takes longer than `timeoutMs` counts as failed. Never rejects. */
export async function runChecks(checks: readonly ReadinessCheck[], timeoutMs = checkTimeoutMs): Promise<Readiness> {
  const states = await Promise.all(
    checks.map(async ({ name, check }) => [name, await stateOf(check, timeoutMs)] as const),
  );
  return { ready: states.every(([, state]) => state === 'ok'), checks: Object.fromEntries(states) };
}

async function stateOf(check: () => Promise<void>, timeoutMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${timeoutMs} ms`), timeoutMs);
  });
  // The probe is public, so it names the kind of failure and not the words of the driver, which may hold addresses.
  const answered = new Promise<void>((resolve) => resolve(check())).then(
    () => 'ok',
    (error: unknown) => `failed (${codeOf(error)})`,
  );
  try {
    return await Promise.race([answered, late]);
  } finally {
    clearTimeout(timer);
  }
}

function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}
