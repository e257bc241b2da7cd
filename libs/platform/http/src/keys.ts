import type { Scope } from '#contract';

/** Who makes a request. */
export interface ActorView {
  /** Bare UUIDv7 of the API key. */
  id: string;
  /** Name of the API key; it stands in the audit and serves as the default source of events. */
  name: string;
  scopes: Scope[];
}

/** Finds API keys by their hash. Made by the store, which keeps what it found in memory. */
export interface KeyFinder {
  /** The key whose SHA-256 this is; `undefined` when it is unknown or was revoked. Rejects when the database is away. */
  find(sha256: Buffer): Promise<ActorView | undefined>;
  /** Notes that the key was used just now; cheap, and exact to about a minute. */
  touch(id: string): void;
}

/** Injection token of the process's `KeyFinder`. */
export const KEYS = Symbol('KEYS');

/** One service that the process needs. `check` rejects when it is away. */
export interface ReadinessCheck {
  name: string;
  check(): Promise<void>;
}

/** Injection token of the list of `ReadinessCheck`. */
export const READINESS = Symbol('READINESS');
