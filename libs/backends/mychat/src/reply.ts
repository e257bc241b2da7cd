import type { Outcome } from '#contract';

/** What a transport brought back: the bytes of an answer, or the outcome when there was none to read. */
export type Reply = { bytes: Buffer } | { outcome: Outcome };
