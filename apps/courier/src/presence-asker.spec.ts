import { mostPresenceAddresses, type PresenceAnswer } from '#backends/kit';
import type { Outcome } from '#contract';
import { describe, expect, it } from '@jest/globals';
import { createPresenceAsker } from './presence-asker.ts';
import { specBackend, specDelivery, specLog } from './spec-courier.ts';

type Ask = (addresses: readonly string[]) => Promise<PresenceAnswer>;

/** An asker, and a backend where everybody whose address begins with `off` is offline, and with `no` is nobody. */
function world(ask: Ask = everybody, backendFields: Parameters<typeof specBackend>[1] = {}) {
  const asked: (readonly string[])[] = [];
  const spec = specLog();
  const asker = createPresenceAsker({ network: {} as never, mailbox: {} as never, log: spec.log });
  const backend = specBackend(async () => ({ kind: 'delivered', reason: 'ok' }), backendFields);
  Object.assign(backend.adapter, {
    presence: (addresses: readonly string[]) => (asked.push(addresses), ask(addresses)),
  });
  const notReached = async (...to: string[]) => {
    const deliveries = to.map((address) => specDelivery({ to: address }));
    const found = await asker.whoIsNotReached(backend, deliveries);
    return deliveries.flatMap(({ id, to: address }) => (found.has(id) ? [[address, found.get(id)!.reason]] : []));
  };
  return { asker, backend, asked, notReached, lines: spec.lines };
}

const everybody: Ask = async (addresses) => ({
  ok: true,
  online: new Set(addresses.filter((to) => !/^(off|no)/.test(to))),
  offline: new Set(addresses.filter((to) => to.startsWith('off'))),
});

describe('who is to be asked about', () => {
  const { asker, backend } = world();
  const lost = {
    ...backend,
    adapter: { ...backend.adapter, manifest: { ...backend.adapter.manifest, offline: 'lost' } },
  };
  const dumb = { ...backend, adapter: { ...backend.adapter, presence: undefined } };

  it.each([
    ['nobody where the rule says nothing and the backend keeps messages', backend, {}, false],
    ['nobody where the rule says `send`, though the backend loses messages', lost, { whenOffline: 'send' }, false],
    ['whoever a rule wants to be held for', backend, { whenOffline: 'hold' }, true],
    ['whoever a rule has a fallback for', backend, { whenOffline: 'fallback' }, true],
    ['everybody where the backend loses messages and the rule says nothing', lost, {}, true],
    ['no room', lost, { toKind: 'room', whenOffline: 'hold' }, false],
    ['nobody where the backend cannot tell', dumb, { whenOffline: 'hold' }, false],
    ['nobody while the settings do not fit', { ...lost, settings: undefined }, { whenOffline: 'hold' }, false],
  ] as const)('is %s', (_who, asked, delivery, expected) => {
    expect(asker.isToBeAsked(asked as never, specDelivery(delivery))).toBe(expected);
  });
});

describe('asking who can be reached', () => {
  it('names those who are offline; whoever the backend does not know is written to, and refused by name', async () => {
    const { notReached } = world();
    expect(await notReached('anna', 'off-1', 'nobody')).toEqual([['off-1', 'offline']]);
  });

  it('says of somebody who is offline that they are, in the form of an outcome', async () => {
    const { asker, backend } = world();
    const delivery = specDelivery({ to: 'off-1' });
    expect((await asker.whoIsNotReached(backend, [delivery])).get(delivery.id)).toEqual({
      kind: 'recipientOffline',
      reason: 'offline',
      detail: 'off-1 is offline.',
      recipientOnline: false,
    } satisfies Outcome);
  });

  it('asks once about a burst to one person, and remembers the answer for a moment', async () => {
    const { notReached, asked } = world();
    await notReached('anna', 'off-1', 'anna', 'off-1');
    expect(await notReached('off-1', 'boris')).toEqual([['off-1', 'offline']]);
    expect(asked).toEqual([['anna', 'off-1'], ['boris']]);
  });

  it('asks anew about somebody who was held for: somebody else may have seen them come', async () => {
    let isOnline = false;
    const { asker, backend, notReached } = world(async (addresses) => {
      const [online, offline] = [new Set(addresses), new Set<string>()];
      return isOnline ? { ok: true, online, offline } : { ok: true, online: offline, offline: online };
    });
    expect(await notReached('anna')).toEqual([['anna', 'offline']]);
    isOnline = true;
    expect(await notReached('anna')).toEqual([['anna', 'offline']]);
    const held = specDelivery({ to: 'anna', heldSince: new Date() });
    expect((await asker.whoIsNotReached(backend, [held])).size).toBe(0);
    expect(await notReached('anna')).toEqual([]);
  });

  it('keeps backends apart that have the same address', async () => {
    const { asker, backend, notReached, asked } = world();
    await notReached('off-1');
    await asker.whoIsNotReached({ ...backend, slug: 'other' }, [specDelivery({ to: 'off-1' })]);
    expect(asked).toHaveLength(2);
  });

  it('asks about so many at once as an adapter takes', async () => {
    const { notReached, asked } = world();
    await notReached(...Array.from({ length: mostPresenceAddresses * 2 + 1 }, (_, n) => `p${n}`));
    expect(asked.map((addresses) => addresses.length)).toEqual([mostPresenceAddresses, mostPresenceAddresses, 1]);
  });

  it('lets those go whose question was answered, and holds the others back with what the backend said', async () => {
    const down: Outcome = { kind: 'backendDown', reason: 'refused' };
    let calls = 0;
    const { notReached } = world(async (addresses) => {
      calls += 1;
      return calls === 2 ? { ok: false, outcome: down } : everybody(addresses);
    });
    const people = Array.from({ length: mostPresenceAddresses + 2 }, (_, n) => `p${n}`);
    expect(await notReached(...people)).toEqual([
      [`p${mostPresenceAddresses}`, 'refused'],
      [`p${mostPresenceAddresses + 1}`, 'refused'],
    ]);
    // A failure is not remembered.
    expect(await notReached(...people.slice(-2))).toEqual([]);
  });

  it('hides secrets in what a backend says of itself, and takes a throw for a bug', async () => {
    const secrets = ['sesame-4711'];
    const said = world(
      async () => ({ ok: false, outcome: { kind: 'authBroken', reason: 'http_401', detail: 'not sesame-4711' } }),
      { secrets },
    );
    const delivery = specDelivery();
    const why = (await said.asker.whoIsNotReached(said.backend, [delivery])).get(delivery.id)!;
    expect(why).toEqual({ kind: 'authBroken', reason: 'http_401', detail: 'not ***' });

    const thrown = world(() => Promise.reject(new Error('cannot log in with sesame-4711')), { secrets });
    expect(await thrown.notReached('anna')).toEqual([['anna', 'adapter_fault']]);
    expect(thrown.lines()).toMatchObject([{ level: 50, msg: 'adapter.fault', backend: 'hq' }]);
    expect(JSON.stringify(thrown.lines())).not.toContain('sesame-4711');
  });
});

describe('asking who has come', () => {
  it('asks past what is remembered, and names all but those who are offline', async () => {
    const { asker, backend, notReached, asked } = world();
    await notReached('anna', 'off-1');
    expect(await asker.online(backend, ['anna', 'off-1', 'nobody'])).toEqual(['anna', 'nobody']);
    expect(asked).toHaveLength(2);
  });

  it('names nobody when the backend does not tell', async () => {
    const { asker, backend } = world(async () => ({ ok: false, outcome: { kind: 'backendDown', reason: 'refused' } }));
    expect(await asker.online(backend, ['anna'])).toEqual([]);
  });
});
