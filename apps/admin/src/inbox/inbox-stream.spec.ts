import { toPublicId, uuidFloor } from '#contract';
import type { Arrival } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import { InboxStream } from './inbox-stream.ts';

const idOf = (n: number) => uuidFloor(Date.UTC(2026, 10, 20) + n).replace('-0000-0000-', '-7000-8000-');

/** The message that arrived as number `n`; its delivery is as old, unless it says otherwise. */
function arrival(n: number, delivery = n): Arrival {
  const message = {
    id: toPublicId('delivery', idOf(delivery)),
    eventId: 'evt_1',
    eventType: 't',
    text: String(n),
    at: '2026-11-20T08:00:00Z',
  };
  return { owner: 'anna', arrived: idOf(n), message };
}

/** A stream of an inbox that holds some messages, and what it sent so far. */
function open(stored: number[], position: number) {
  const sent: string[] = [];
  const asked: string[] = [];
  const stream = new InboxStream({
    owner: 'anna',
    position: idOf(position),
    reading: {
      after: async (_owner, arrived, limit) => {
        asked.push(arrived);
        return stored
          .filter((n) => idOf(n) > arrived)
          .slice(0, limit)
          .map((n) => arrival(n));
      },
    },
    send: ({ text }) => sent.push(text),
  });
  return { stream, sent, stored, asked };
}

describe('a stream of an inbox', () => {
  it('sends what was missed before what came meanwhile, and each once', async () => {
    const { stream, sent } = open([1, 2, 3], 1);
    const catchingUp = stream.catchUp();
    stream.push(arrival(3));
    stream.push(arrival(4));
    expect(sent).toEqual([]);
    await catchingUp;
    stream.push(arrival(4));
    stream.push(arrival(5));
    expect(sent).toEqual(['2', '3', '4', '5']);
  });

  it('keeps no more than a bounded number of what is told while it catches up, and reads the rest', async () => {
    const { stream, sent, stored } = open([], 0);
    const catchingUp = stream.catchUp();
    for (let n = 1; n <= 2500; n += 1) {
      stored.push(n);
      stream.push(arrival(n));
    }
    await catchingUp;
    expect(sent).toEqual(stored.map(String));
  });

  it('reads on until nothing is left', async () => {
    const { stream, sent, asked } = open(
      Array.from({ length: 1100 }, (_, n) => n + 1),
      0,
    );
    await stream.catchUp();
    expect(sent).toHaveLength(1100);
    expect(asked).toEqual([idOf(0), idOf(500), idOf(1000)]);
  });

  it('goes on from the last arrival, however old its delivery is', async () => {
    const { stream, sent, stored, asked } = open([5], 0);
    await stream.catchUp();
    stream.push(arrival(7, 2));
    stored.push(7, 8);
    await stream.catchUp();
    expect(sent).toEqual(['5', '7', '8']);
    expect(asked.at(-1)).toBe(idOf(7));
  });

  it('never goes back, should one be told out of order', async () => {
    const { stream, sent, stored, asked } = open([5], 0);
    await stream.catchUp();
    stream.push(arrival(4));
    stored.push(6);
    await stream.catchUp();
    expect(sent).toEqual(['5', '4', '6']);
    expect(asked.at(-1)).toBe(idOf(5));
  });

  it('is silent once it is closed', async () => {
    const { stream, sent } = open([1], 0);
    stream.close();
    await stream.catchUp();
    stream.push(arrival(2));
    expect(sent).toEqual([]);
  });
});
