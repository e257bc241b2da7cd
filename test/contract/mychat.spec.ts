/** What is peculiar to MyChat: both ways in, both generations of hello, and answers that contradict their documentation. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { adapterOf } from '#backends/registry';
import { listen, mychatSimulator, selfSigned, type MyChatServer, type Quirks } from '#testing/simulators';
import { createServer as createHttpsServer } from 'node:https';
import { createServer } from 'node:net';
import { Bench } from './suite/bench.ts';

const adapter = adapterOf('mychat')!;
const room = { to: 'uid:12', toKind: 'room' } as const;

const oddities: [string, Partial<Quirks>][] = [
  ['gives no context back', { echoContext: false }],
  ['writes cmd with a Cyrillic letter', { cyrillicCmd: true }],
  ['forgets the quotes around the number', { bareCmd: true }],
  ['answers in Windows-1251', { cp1251: true }],
  ['puts a frame before its JSON', { framedAnswers: true }],
  ['takes its time', { answerDelayMs: 30 }],
];

describe.each(mychatSimulator.variants)('MyChat over %s', (variant) => {
  let bench: Bench;
  let server: MyChatServer;
  beforeAll(async () => {
    bench = await Bench.open({ adapter, simulator: mychatSimulator, variant });
    server = bench.running as MyChatServer;
  });
  afterEach(() => server.reset());
  afterAll(() => bench.close());

  it.each(oddities)('understands a server that %s', async (_, quirks) => {
    Object.assign(server.world.quirks, quirks);
    expect(await bench.send()).toMatchObject({ kind: 'delivered', recipientOnline: true });
    expect(await bench.send(room)).toMatchObject({ kind: 'delivered' });
    expect(await bench.send({ to: 'Никто' })).toMatchObject({ kind: 'permanent', statusCode: 3 });
  });

  it.each(['17', 'иванов', 'Ivanov@corp.example', 'CORP\\ivanov'])('reaches a person addressed as %s', async (to) => {
    expect(await bench.send({ to })).toMatchObject({ kind: 'delivered' });
    expect(server.world.said.all()).toMatchObject([{ to: { uin: 17 }, addressedAs: to }]);
  });

  it('delivers to somebody who is offline, and says that they are', async () => {
    expect(await bench.send({ to: 'petrova' })).toMatchObject({ kind: 'delivered', recipientOnline: false });
    expect(server.world.said.all()[0]?.handedOverAt).toBeUndefined();
    server.world.setStatus(18, 0);
    expect(server.world.said.all()[0]?.handedOverAt).toBeGreaterThanOrEqual(server.world.said.all()[0]!.at);
  });

  it('waits for a conference that is empty, and reaches it when somebody is back', async () => {
    server.world.setStatus(17, -1);
    server.world.setStatus(19, -1);
    expect(await bench.send(room)).toMatchObject({ kind: 'recipientOffline', statusCode: 6 });
    server.world.setStatus(19, 0);
    server.world.rooms[0]!.members.add(19);
    expect(await bench.send(room)).toMatchObject({ kind: 'delivered' });
  });

  it('writes to a conference as a user only while that user is in it', async () => {
    const settings = server.settings({ sender: 'petrova' });
    expect(await bench.send(room, { settings })).toMatchObject({ kind: 'recipientOffline', statusCode: 7 });
    expect(await bench.send(room, { settings: server.settings({ sender: 'Иванов' }) })).toMatchObject({
      kind: 'delivered',
    });
  });

  it('tells a wrong key and a switched-off integration from trouble with one message', async () => {
    const settings = server.settings({ serverKey: 'not-the-key' });
    expect(await bench.send({}, { settings })).toMatchObject({ kind: 'authBroken', statusCode: 5 });
    server.world.apiEnabled = false;
    expect(await bench.send()).toMatchObject({ kind: 'authBroken', statusCode: 9 });
  });

  it('refuses an unknown sender, a blank text and a letter to oneself for good', async () => {
    expect(await bench.send({}, { settings: server.settings({ sender: 'nobody' }) })).toMatchObject({
      statusCode: 2,
      kind: 'permanent',
    });
    expect(await bench.send({ text: ' \r\n ' })).toMatchObject({ statusCode: 4, kind: 'permanent' });
    expect(await bench.send({}, { settings: server.settings({ sender: '17' }) })).toMatchObject({
      statusCode: 17,
      kind: 'permanent',
    });
  });

  it('carries a text that is far too long for a URL', async () => {
    const text = 'Ы👋'.repeat(2000);
    expect(await bench.send({ text })).toMatchObject({ kind: 'delivered' });
    expect(server.received()[0]?.text).toBe(text);
  });

  it('does not even ask the server about an address that cannot be one', async () => {
    expect(await bench.send({ ...room, to: 'Склад' })).toMatchObject({ kind: 'permanent', reason: 'bad_address' });
  });
});

describe('MyChat over the socket alone', () => {
  let bench: Bench;
  let server: MyChatServer;
  beforeAll(async () => {
    bench = await Bench.open({ adapter, simulator: mychatSimulator, variant: 'socket' });
    server = bench.running as MyChatServer;
  });
  afterEach(() => server.reset());
  afterAll(() => bench.close());

  it.each(['mc5.18', 'mc5.20', 'mc2023.4.0'])('greets as %s', async (hello) => {
    expect(await bench.send({}, { settings: server.settings({ hello }) })).toMatchObject({ kind: 'delivered' });
  });

  it('gives up on a server that never greets, when the time is up', async () => {
    server.world.quirks.noHello = true;
    expect(await bench.send({}, { timeoutMs: 100 })).toMatchObject({ kind: 'retryable', reason: 'timeout' });
  });

  it('says at which step the server hung up', async () => {
    const silent = await listen(createServer((socket) => socket.end()));
    const settings = server.settings({ port: silent.port });
    expect(await bench.send({}, { settings })).toMatchObject({ kind: 'retryable', reason: 'no_hello' });
    await silent.stop();
    server.plan('reset');
    expect(await bench.send()).toMatchObject({ kind: 'retryable', reason: 'no_answer' });
  });

  it('stops reading a line that never ends', async () => {
    const endless = await listen(
      createServer((socket) => void socket.on('error', () => socket.destroy()).write(Buffer.alloc(100_000, 'x'))),
    );
    const outcome = await bench.send({}, { settings: server.settings({ port: endless.port }) });
    expect(outcome).toMatchObject({ kind: 'retryable', reason: 'no_hello' });
    expect(outcome.detail).toContain('65536 bytes');
    await endless.stop();
  });
});

describe('MyChat over REST alone', () => {
  let bench: Bench;
  let server: MyChatServer;
  beforeAll(async () => {
    bench = await Bench.open({ adapter, simulator: mychatSimulator, variant: 'rest' });
    server = bench.running as MyChatServer;
  });
  afterEach(() => server.reset());
  afterAll(() => bench.close());

  it('takes a missing page or a redirect for a broken set-up, not for a bad message', async () => {
    const elsewhere = { url: `http://127.0.0.1:${server.restPort}/chat` };
    expect(await bench.send({}, { settings: server.settings(elsewhere) })).toMatchObject({
      kind: 'authBroken',
      statusCode: 404,
    });
    server.plan({ kind: 'status', status: 302, headers: { location: 'https://chat.example/API/' } });
    expect(await bench.send()).toMatchObject({ kind: 'authBroken', statusCode: 302 });
  });

  it('accepts the self-signed certificate of a server when told to', async () => {
    const reply = '{"cmd":"0002","UINTo":17,"State":0}';
    const { port, stop } = await listen(createHttpsServer(selfSigned(), (_, response) => response.end(reply)));
    const settings = server.settings({ url: `https://127.0.0.1:${port}`, acceptAnyCertificate: true });
    expect(await bench.send({}, { settings })).toMatchObject({ kind: 'delivered', recipientOnline: true });
    await stop();
  });

  it('believes an error of the API that comes with another status than 200', async () => {
    server.plan({ kind: 'status', status: 500, body: '{"cmd":"0001","evocator":"0002","error":3,"User":"x"}' });
    expect(await bench.send()).toMatchObject({ kind: 'permanent', statusCode: 3 });
  });

  it.each(['', '{}', '[]', 'null', '"0002"', '{"ok":true}', '{"cmd":"0004x"}'])(
    'does not take %j with status 200 for success',
    async (body) => {
      server.plan({ kind: 'status', status: 200, body });
      expect(await bench.send()).toMatchObject({ kind: 'retryable' });
    },
  );

  it('does not take the answer to somebody else for its own', async () => {
    server.plan({ kind: 'status', status: 200, body: '{"cmd":"0002","context":"dlv_other","UINTo":17,"State":0}' });
    expect(await bench.send()).toMatchObject({ kind: 'retryable', reason: 'foreign_answer' });
  });

  it('tries an unknown error twice before it gives up', async () => {
    server.plan({ kind: 'status', status: 200, body: '{"cmd":"0001","error":99}' }, 3);
    const outcomes = [
      await bench.send({ attempt: 1 }),
      await bench.send({ attempt: 2 }),
      await bench.send({ attempt: 3 }),
    ];
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['retryable', 'retryable', 'permanent']);
  });
});
