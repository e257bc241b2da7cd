import { describe, expect, it } from '@jest/globals';
import { outcomeKind, type Outcome } from '#contract';
import { presenceFailed } from './presence.ts';

describe('a question about presence that failed', () => {
  it.each(outcomeKind.options)(
    'leaves trouble of the whole backend as it is, and is never the end of a delivery: %s',
    (kind) => {
      const outcome: Outcome = { kind, reason: 'http_400', detail: 'words', statusCode: 400, retryAfterMs: 7000 };
      const isOfAll = kind === 'authBroken' || kind === 'backendDown';
      const expected = { ...outcome, kind: isOfAll ? kind : 'retryable' };
      expect(presenceFailed(outcome)).toEqual({ ok: false, outcome: expected });
    },
  );
});
