import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';

/** How to wait. */
export interface WaitOptions {
  /** What is waited for, as it should stand in the error: `two deliveries`. */
  what: string;
  /** How long, in milliseconds. Absent: 10,000. */
  timeoutMs?: number;
  /** Pause between looks, in milliseconds. Absent: 20. */
  pollMs?: number;
}

type Truthy<T> = Exclude<T, false | null | undefined | 0 | ''>;

/**
 * Asks `condition` again and again until it answers something truthy, and returns that. A condition that throws counts as
 * not yet. Throws after the time with what was waited for and what was seen last.
 */
export async function waitFor<T>(condition: () => T | Promise<T>, options: WaitOptions): Promise<Truthy<T>> {
  const { what, timeoutMs = 10_000, pollMs = 20 } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look(condition);
    if (seen.value) return seen.value as Truthy<T>;
    if (Date.now() >= deadline) {
      const last = seen.error === undefined ? inspect(seen.value, { depth: 4 }) : String(seen.error);
      throw new Error(`Waited ${timeoutMs} ms for ${what}; last seen: ${last}`, { cause: seen.error });
    }
    await pause(pollMs);
  }
}

async function look<T>(condition: () => T | Promise<T>): Promise<{ value?: T; error?: unknown }> {
  try {
    return { value: await condition() };
  } catch (error) {
    return { error };
  }
}
