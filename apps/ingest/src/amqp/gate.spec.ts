import { HouseError } from '#contract';
import type { Accepted, NewEvent } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import { setMaxListeners } from 'node:events';
import { Gate, type Accept } from './gate.ts';

const nothing: Accepted[] = [];
const eventsOf = (type: string) => [{ type }] as NewEvent[];
const away = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const never = new AbortController().signal;
setMaxListeners(0, never);

/** A gate before an acceptor that does what it is told, and what it said meanwhile. */
function gateOn(accept: Accept): { gate: Gate; said: string[] } {
  const said: string[] = [];
  const gate = new Gate(
    accept,
    { firstGap: 1, longestGap: 4 },
    {
      onClosed: (error) => said.push(`closed ${(error as Error).message}`),
      onOpened: () => said.push('opened'),
      onWelcome: (welcome) => said.push(welcome ? 'welcome' : 'not welcome'),
    },
  );
  return { gate, said };
}

describe('the gate', () => {
  it('hands on what is stored, and what is refused for itself', async () => {
    const { gate, said } = gateOn(async ([event]) => {
      if (event?.type === 'bad') throw new HouseError('EVENT_TOO_DEEP');
      if (event?.type === 'odd') throw Object.assign(new Error('invalid input'), { code: '22P02' });
      return nothing;
    });
    await gate.store(eventsOf('good'), never);
    await expect(gate.store(eventsOf('bad'), never)).rejects.toMatchObject({ code: 'EVENT_TOO_DEEP' });
    await expect(gate.store(eventsOf('odd'), never)).rejects.toMatchObject({ code: '22P02' });
    expect(said).toEqual([]);
  });

  it.each<[string, () => Error]>([
    ['is away', away],
    ['is known to be away', () => new HouseError('UNAVAILABLE')],
    ['takes no writes', () => Object.assign(new Error('read only'), { code: '25006' })],
    ['lacks a table', () => Object.assign(new Error('no table'), { code: '42P01' })],
  ])('keeps all messages while PostgreSQL %s; one of them asks at a time', async (_what, failure) => {
    let failing = true;
    let calls = 0;
    let atOnce = 0;
    let most = 0;
    const { gate, said } = gateOn(async () => {
      calls += 1;
      most = Math.max(most, (atOnce += 1));
      await Promise.resolve();
      atOnce -= 1;
      if (failing) throw failure();
      return nothing;
    });
    const stored = Array.from({ length: 20 }, () => gate.store(eventsOf('a'), never));
    while (calls < 20 || atOnce > 0) await Promise.resolve();
    most = 0;
    while (calls < 24) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(most).toBe(1);
    failing = false;
    await Promise.all(stored);
    expect(said).toEqual([`closed ${failure().message}`, 'not welcome', 'opened', 'welcome']);
  });

  it('waits a little when too much is under way, and is not closed by it', async () => {
    let calls = 0;
    const { gate, said } = gateOn(async () => {
      calls += 1;
      if (calls < 3) throw new HouseError('RATE_LIMITED');
      return nothing;
    });
    await gate.store(eventsOf('a'), never);
    expect(calls).toBe(3);
    expect(said).toEqual([]);
  });

  it('tries a message that breaks our code alone, and gives up on it only', async () => {
    let batch: { events: NewEvent[]; done: (broken: boolean) => void }[] = [];
    const leave = () => {
      const gone = batch;
      batch = [];
      const broken = gone.some(({ events }) => events[0]?.type === 'poison');
      for (const { done } of gone) done(broken);
    };
    const { gate, said } = gateOn(
      (events) =>
        new Promise((resolve, reject) => {
          const done = (broken: boolean) => (broken ? reject(new TypeError('x is undefined')) : resolve(nothing));
          if (batch.push({ events, done }) === 1) setImmediate(leave);
        }),
    );
    const settled = await Promise.allSettled(['a', 'poison', 'b'].map((type) => gate.store(eventsOf(type), never)));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(said).toEqual([]);
  });

  it('lets go of messages that are no longer ours, and then welcomes others, of which one asks again', async () => {
    let failing = true;
    const { gate, said } = gateOn(async () => {
      if (failing) throw away();
      return nothing;
    });
    const hand = new AbortController();
    const stored = [gate.store(eventsOf('a'), hand.signal), gate.store(eventsOf('b'), hand.signal)];
    await new Promise((resolve) => setTimeout(resolve, 5));
    hand.abort();
    for (const one of stored) await expect(one).rejects.toMatchObject({ name: 'AbortError' });
    expect(said.slice(1)).toEqual(['not welcome', 'welcome']);
    failing = false;
    await gate.store(eventsOf('c'), never);
    expect(said.slice(3)).toEqual(['not welcome', 'opened', 'welcome']);
  });
});
