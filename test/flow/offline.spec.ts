import { mychatSimulator, type MyChatServer } from '#testing/simulators';
import { waitFor } from '#testing/services';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startFleet, startMs, twoCouriers, type Fleet } from './fleet.ts';
import { untilSettled } from './story.ts';

describe('somebody who is offline', () => {
  let fleet: Fleet;
  let chat: MyChatServer;
  let people: string[];

  beforeAll(async () => {
    [fleet, chat] = await Promise.all([startFleet(twoCouriers), mychatSimulator.start('rest')]);
    const { admin } = fleet;
    people = chat.presence!.people(8);
    for (const to of people) chat.presence!.setOnline(to, false);
    await admin.put('/v1/backends/chat', { type: 'mychat', settings: chat.settings() });
    await admin.put('/v1/backends/inbox', { type: 'inbox', settings: {} });
    for (const [n, to] of people.entries())
      await admin.put(`/v1/recipients/p${n}`, {
        displayName: `P ${n}`,
        locale: 'ru',
        timeZone: 'Asia/Novosibirsk',
        addresses: [
          { backend: 'chat', to },
          { backend: 'inbox', to: `p${n}` },
        ],
      });
    const rule = (name: string, step: Record<string, unknown>) =>
      admin.put(`/v1/rules/${name}`, {
        match: { type: [name] },
        notify: [{ to: ['recipient:{{ data.who }}'], via: ['chat'], ...step }],
      });
    await rule('held', { whenOffline: 'hold' });
    await rule('passed-on', { whenOffline: 'fallback', via: ['chat', 'inbox'], fallbackAfterSeconds: 2 });
    await rule('sent', { whenOffline: 'send' });
    await rule('unsaid', {});
  }, startMs);

  afterAll(async () => {
    await Promise.all([fleet?.stop(), chat?.stop()]);
  });

  const send = (type: string, who: string, fields = {}) => fleet.ingest.send({ type, data: { who }, ...fields });
  const saidTo = (to: string) => chat.received().filter((message) => message.to === to);

  it('is waited for with `hold`, and gets everything in its order once seen, with the original time', async () => {
    const [to] = people as [string];
    const time = '2026-03-05T04:05:06Z';
    const ids = [
      await send('held', 'p0', { time, correlationKey: 'order-1', subject: 'first' }),
      await send('held', 'p0', { time, correlationKey: 'order-1', subject: 'second' }),
      await send('held', 'p0', { time, subject: 'apart' }),
    ];
    const held = await untilSettled(fleet.admin, ids[0]!, { states: ['waiting'] });
    expect(held.deliveries).toMatchObject([
      { attempts: 0, attemptLog: [], lastOutcome: { kind: 'recipientOffline', reason: 'offline' } },
    ]);
    await untilSettled(fleet.admin, ids[2]!, { states: ['waiting'] });
    expect(saidTo(to)).toEqual([]);
    chat.presence!.setOnline(to, true);
    const seenAt = Date.now();
    for (const id of ids) {
      const story = await untilSettled(fleet.admin, id);
      expect(story.deliveries).toMatchObject([{ attempts: 1, attemptLog: [{ number: 1 }] }]);
    }
    expect(Date.now() - seenAt).toBeLessThan(15_000);
    const texts = saidTo(to).map(({ text }) => text);
    expect(texts).toHaveLength(3);
    const placeOf = (subject: string) => texts.findIndex((text) => text.includes(subject));
    expect([placeOf('first'), placeOf('second'), placeOf('apart')]).not.toContain(-1);
    expect(placeOf('first')).toBeLessThan(placeOf('second'));
    // The second one stood in line behind the first, for less than a minute.
    for (const subject of ['first', 'apart'])
      expect(texts[placeOf(subject)]).toMatch(/^Событие от 5 мар.*2026.*11:05.*\(Asia\/Novosibirsk\)/m);
  });

  it('is passed over with `fallback` when patience is over', async () => {
    const id = await send('passed-on', 'p1');
    const { deliveries } = await untilSettled(fleet.admin, id, { states: ['dead', 'delivered'], count: 2 });
    const [first, second] = [...deliveries].sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(first).toMatchObject({ backend: 'chat', state: 'dead', attempts: 0, fallbackTo: second!.id });
    expect(first!.lastOutcome).toMatchObject({ kind: 'recipientOffline' });
    expect(second).toMatchObject({ backend: 'inbox', state: 'delivered', recipient: 'p1' });
    expect(saidTo(people[1]!)).toEqual([]);
  });

  it('is not passed over when seen before patience is over', async () => {
    const id = await send('passed-on', 'p2');
    await untilSettled(fleet.admin, id, { states: ['waiting'] });
    chat.presence!.setOnline(people[2]!, true);
    const { deliveries } = await untilSettled(fleet.admin, id);
    expect(deliveries).toMatchObject([{ backend: 'chat', state: 'delivered', attempts: 1 }]);
  });

  it.each(['sent', 'unsaid'])('is written to all the same where the rule has `%s`', async (type) => {
    const who = type === 'sent' ? 'p3' : 'p4';
    await untilSettled(fleet.admin, await send(type, who));
    expect(saidTo(people[Number(who[1])]!)).toMatchObject([{ waiting: true }]);
    expect(saidTo(people[Number(who[1])]!)[0]!.text).not.toContain('Событие от');
  });

  it('does not keep anybody else waiting', async () => {
    const { to } = chat.address;
    await fleet.admin.put('/v1/recipients/present', { displayName: 'Present', addresses: [{ backend: 'chat', to }] });
    const sentAt = Date.now();
    await waitFor(async () => (await untilSettled(fleet.admin, await send('held', 'present'))).state === 'routed', {
      what: 'somebody who is there to hear of it',
    });
    expect(Date.now() - sentAt).toBeLessThan(3000);
  });
});
