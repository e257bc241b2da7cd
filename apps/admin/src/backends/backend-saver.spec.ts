import { secretMask, type JsonValue } from '#contract';
import { createSealer, type Definitions, type StoredBook, type StoredDefinition } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import { BackendSaver } from './backend-saver.ts';

const sealer = createSealer('a secret of sixteen');
const url = 'https://consumer.example/hook';
const whsec = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;

/** One backend in memory; `meanwhile` runs between the look and the lock, as another editor would. */
function definitionsWith(
  first: Record<string, JsonValue>,
  meanwhile: (turn: number) => Record<string, JsonValue> | undefined,
) {
  let settings = first;
  let turn = 0;
  const stored = (body: JsonValue): StoredDefinition => ({
    slug: 'hook',
    body,
    createdAt: new Date(0),
    updatedAt: new Date(0),
    updatedBy: 'ops',
    revision: 1n,
  });
  const definitions: Pick<Definitions, 'get' | 'put'> = {
    get: async () => stored({ type: 'webhook', settings }),
    put: async (_noun, _slug, body, _actor, check) => {
      settings = meanwhile((turn += 1)) ?? settings;
      const backends = new Map([['hook', { type: 'webhook', settings }]]);
      check?.({ backends } as unknown as StoredBook);
      settings = (body as { settings: Record<string, JsonValue> }).settings;
      return { stored: stored(body), created: false };
    },
  };
  return {
    saver: new BackendSaver(definitions as Definitions, sealer),
    secret: () => sealer.open(settings['secret']!),
  };
}

describe('saving a backend whose secret is kept', () => {
  it('keeps the newer secret when somebody changes it at the same moment', async () => {
    const { saver, secret } = definitionsWith({ url, secret: sealer.seal(whsec(1)) }, (turn) =>
      turn === 1 ? { url, secret: sealer.seal(whsec(2)) } : undefined,
    );
    await saver.save('hook', { type: 'webhook', settings: { url, secret: secretMask } }, 'ops');
    expect(secret()).toBe(whsec(2));
  });

  it('gives up with STATE_CONFLICT when that goes on', async () => {
    const { saver } = definitionsWith({ url, secret: sealer.seal(whsec(1)) }, (turn) => ({
      url,
      secret: sealer.seal(whsec(turn)),
    }));
    const save = saver.save('hook', { type: 'webhook', settings: { url, secret: secretMask } }, 'ops');
    await expect(save).rejects.toThrow(expect.objectContaining({ code: 'STATE_CONFLICT' }));
  });
});
