import { z } from 'zod';
import type { EnvSlice } from './slices.ts';

type Loaded<S extends EnvSlice> = Readonly<{ [K in keyof S]: z.output<S[K]> }>;

/** The environment does not fit: every fault at once, one per line. */
export class ConfigError extends Error {
  /** BSD `EX_CONFIG`. */
  readonly exitCode = 78;
}

/**
 * Reads the environment through a slice. Empty values count as absent. Throws `ConfigError` naming every fault, but never
 * the value of a key (it may be a secret).
 */
export function loadConfig<S extends EnvSlice>(slice: S, env: NodeJS.ProcessEnv = process.env): Loaded<S> {
  const present = Object.fromEntries(Object.keys(slice).map((key) => [key, env[key] === '' ? undefined : env[key]]));
  const parsed = z.object(slice).safeParse(present);
  if (parsed.success) return Object.freeze(parsed.data) as Loaded<S>;
  const lines = parsed.error.issues.map((issue) => {
    const key = String(issue.path[0]);
    return `  ${key}: ${env[key] ? issue.message : 'is required'}. ${slice[key]?.description ?? ''}`;
  });
  throw new ConfigError(`The configuration does not fit:\n${lines.join('\n')}`);
}
