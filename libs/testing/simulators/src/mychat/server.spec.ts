import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { mychatSimulator, type MyChatServer } from './server.ts';
import { encodeCp1251 } from './wire.ts';

let server: MyChatServer;
beforeAll(async () => {
  server = await mychatSimulator.start('socket');
});
afterEach(() => server.reset());
afterAll(() => server.stop());

const members = () => ({
  ServerKey: server.world.key,
  APIStype: 'router',
  context: 'n-42',
  UserFrom: '0',
  UserTo: '17',
  Msg: 'Склад',
});

describe('the web service of the MyChat simulator', () => {
  const api = () => `http://127.0.0.1:${server.restPort}/API/`;
  const json = () => JSON.stringify({ cmd: '0002', ...members() });
  const good = { cmd: '0002', context: 'n-42', UINTo: 17, State: 0 };

  async function answerOf(url: string, init?: RequestInit): Promise<unknown> {
    return (await fetch(url, init)).json();
  }

  it('takes a command by GET and by POST as a form, as multipart and as bare JSON', async () => {
    const form = new FormData();
    form.set('data', json());
    const { cmd: _, ...bare } = JSON.parse(json()) as Record<string, string>;
    const ways: [string, RequestInit?][] = [
      [`${api()}?data=${encodeURIComponent(json())}`],
      [api(), { method: 'POST', body: new URLSearchParams({ data: json() }) }],
      [api(), { method: 'POST', body: form }],
      [api(), { method: 'POST', body: JSON.stringify({ ...bare, apiCMD: '0002' }) }],
    ];
    for (const [url, init] of ways) expect(await answerOf(url, init)).toEqual(good);
    expect(server.received().map(({ text }) => text)).toEqual(ways.map(() => 'Склад'));
  });

  it('answers 404 anywhere but on /API/ in capitals with the slash', async () => {
    for (const path of ['/api/', '/API', '/', '/API/x']) {
      const answer = await fetch(`http://127.0.0.1:${server.restPort}${path}?data=${encodeURIComponent(json())}`);
      expect(answer.status).toBe(404);
    }
    expect((await fetch(api())).status).toBe(404);
  });

  it('wraps an error in the envelope with what it was about', async () => {
    const wrong = JSON.stringify({ cmd: '0002', ...members(), UserTo: 'Никто' });
    expect(await answerOf(`${api()}?data=${encodeURIComponent(wrong)}`)).toMatchObject({
      ...{ cmd: '0001', evocator: '0002', context: 'n-42', error: 3, User: 'Никто' },
      error_desc_en: expect.stringMatching(/^https:/),
    });
    expect(await answerOf(`${api()}?data=%7Bnot`)).toMatchObject({ cmd: '0001', error: 67 });
  });

  it('writes the number of some commands as an integer or with a Cyrillic letter, when told to', async () => {
    Object.assign(server.world.quirks, { integerCmd: true, cyrillicCmd: true, echoContext: false });
    const ask = (command: object) =>
      answerOf(
        `${api()}?data=${encodeURIComponent(JSON.stringify({ ServerKey: server.world.key, context: 'c', ...command }))}`,
      );
    expect(await ask({ cmd: '000F', UINS: '17' })).toEqual({ Cmd: 15, UINS: '17', Statuses: '0' });
    expect(await ask({ cmd: '0004', UID: 12, Msg: 'x' })).toEqual({ '\u0441md': '0004', UINFrom: 0, UID: 12 });
    expect(await ask({ cmd: '0003', UIN: 17 })).toMatchObject({ cmd: '0003' });
  });
});

describe('people of the MyChat simulator who are offline', () => {
  it('get what was kept for them when they come, and the message shows until then that it waits', async () => {
    const [, absent] = server.presence!.people(2) as [string, string];
    const json = JSON.stringify({ cmd: '0002', ...members(), UserTo: absent });
    await fetch(`http://127.0.0.1:${server.restPort}/API/?data=${encodeURIComponent(json)}`);
    expect(server.received()).toEqual([
      { to: absent, text: 'Склад', at: expect.any(Number), deliveryId: 'n-42', waiting: true },
    ]);
    server.presence!.setOnline(absent, true);
    expect(server.received()[0]).not.toHaveProperty('waiting');
    expect(() => server.presence!.setOnline(server.presence!.unknown, true)).toThrow('no UIN');
  });
});

describe('the raw socket of the MyChat simulator', () => {
  /** Says all at once, as field clients do, and reads until the server closes or has been silent for `silentMs`. */
  function say(bytes: Buffer, silentMs = 5000): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(server.socketPort, '127.0.0.1', () => socket.write(bytes));
      const heard: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => heard.push(chunk));
      socket.on('error', () => socket.destroy());
      socket.on('close', () => resolve(Buffer.concat(heard).toString()));
      socket.setTimeout(silentMs, () => socket.destroy());
    });
  }
  const frame = (json: Buffer | string, command = '0002') =>
    Buffer.concat([
      Buffer.from(`\x17\x06007730${command}`, 'latin1'),
      Buffer.from(json as string),
      Buffer.from('\r\n'),
    ]);
  const hello = (text: string) => Buffer.from(text, 'latin1');
  const asked = () => frame(JSON.stringify(members()).replace('Склад', '\\u0421\\u043a\\u043b\\u0430\\u0434'));

  it.each([
    'mc5.18\r\n',
    'mc5.20\r\n\r\n',
    'mc2023.4.0\r\n{"Secured":""}\r\n',
    'mc2023.4.0\r\n{"Secured":""}\r\n\r\n\r\n',
  ])('greets and answers after the hello %j', async (greeting) => {
    const heard = await say(Buffer.concat([hello(greeting), asked()]));
    expect(heard).toBe('sc_hello\r\n{"cmd":"0002","context":"n-42","UINTo":17,"State":0}\r\n');
    expect(server.received()).toMatchObject([{ to: '17', text: 'Склад', deliveryId: 'n-42' }]);
  });

  it('waits for the second line of a 2023 hello before it greets', async () => {
    expect(await say(hello('mc2023.4.0\r\n'), 100)).toBe('');
    expect(await say(hello('mc2023.4.0\r\n{"Secured":""}\r\n'), 100)).toBe('sc_hello\r\n');
  });

  it('takes raw Windows-1251, numbers for strings, and unknown members', async () => {
    const text = JSON.stringify({
      ...members(),
      UserTo: 17,
      UserFrom: 0,
      Msg: 'Остаток №5 — «мало»',
      hash: '',
      More: [1],
    });
    await say(Buffer.concat([hello('mc5.20\r\n\r\n'), frame(encodeCp1251(text))]));
    expect(server.received().map((message) => message.text)).toEqual(['Остаток №5 — «мало»']);
  });

  it('takes a message from a client that hangs up without reading the answer', async () => {
    const socket = connect(server.socketPort, '127.0.0.1', () =>
      socket.end(Buffer.concat([hello('mc5.18\r\n'), asked()])),
    );
    socket.on('error', () => socket.destroy());
    expect(await server.untilReceived(1)).toMatchObject([{ text: 'Склад' }]);
    socket.destroy();
  });

  it.each([
    ['another magic', '\x17\x07007730' + '0002{}\r\n'],
    ['another packet', '\x17\x06007830' + '0002{}\r\n'],
    ['other flags', '\x17\x060077B0' + '0002{}\r\n'],
    ['no command number', '\x17\x06007730' + '{}zz\r\n'],
    ['no frame', '{"cmd":"0002"}\r\n'],
  ])('closes without an answer on %s', async (_, bytes) => {
    expect(await say(Buffer.concat([hello('mc5.18\r\n'), hello(bytes)]))).toBe('sc_hello\r\n');
    expect(server.received()).toEqual([]);
  });

  it('closes at once on something that is no hello', async () => {
    expect(await say(hello('GET / HTTP/1.1\r\n\r\n'))).toBe('');
  });

  it('puts a frame before the answer, breaks off or talks garbage, when told to', async () => {
    server.world.quirks.framedAnswers = true;
    expect(await say(Buffer.concat([hello('mc5.18\r\n'), asked()]))).toContain('\r\n\x17\x060077300002{"cmd"');
    server.plan('reset');
    expect(await say(Buffer.concat([hello('mc5.18\r\n'), asked()]))).toBe('sc_hello\r\n');
    server.plan('garbage');
    expect(await say(Buffer.concat([hello('mc5.18\r\n'), asked()]))).toMatch(/<html>/);
    expect(server.received()).toHaveLength(1);
  });

  it('never answers when it is to hang, and never greets when told so', async () => {
    server.plan('hang');
    expect(await say(Buffer.concat([hello('mc5.18\r\n'), asked()]), 100)).toBe('sc_hello\r\n');
    server.world.quirks.noHello = true;
    expect(await say(Buffer.concat([hello('mc5.18\r\n'), asked()]))).toMatch(/^\{"cmd":"0002"/);
  });
});
