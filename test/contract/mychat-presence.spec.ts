/** What is peculiar to presence on MyChat: names become UINs first, findings are remembered, and answers contradict their documentation. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { adapterOf } from '#backends/registry';
import { mychatSimulator, type MyChatServer, type Quirks } from '#testing/simulators';
import { Bench } from './suite/bench.ts';

const adapter = adapterOf('mychat')!;

describe.each(mychatSimulator.variants)('people on MyChat over %s', (variant) => {
  let bench: Bench;
  let server: MyChatServer;
  beforeAll(async () => {
    bench = await Bench.open({ adapter, simulator: mychatSimulator, variant });
    server = bench.running as MyChatServer;
  });
  afterEach(() => server.reset());
  afterAll(() => bench.close());

  const told = (online: string[], offline: string[]) => ({
    ...{ ok: true, online: new Set(online), offline: new Set(offline) },
  });
  const commands = () => server.world.asked.all().map(({ command }) => command);
  // The adapter remembers people by server: each case has a time of its own, so that it begins without memories.
  let hours = 0;
  const later = (ms = 0) => ({ now: () => Date.now() + hours * 3_600_000 + ms });
  afterEach(() => {
    hours += 1;
  });

  it.each([
    ['gives no context back and writes integers', { echoContext: false, integerCmd: true }],
    ['answers in Windows-1251', { cp1251: true }],
    ['puts a frame before its JSON', { framedAnswers: true }],
  ] as [string, Partial<Quirks>][])('are told apart by a server that %s', async (_, quirks) => {
    Object.assign(server.world.quirks, quirks);
    expect(await bench.presence(['17', 'petrova', '4711'], later())).toEqual(told(['17'], ['petrova']));
  });

  it('are asked about by UIN, e-mail, nick and domain login, in one list; busy and away is online', async () => {
    server.world.users.push({ uin: 21, nick: 'sidorov', login: 'corp\\sidorov@home', status: 0 });
    const online = [
      'corp\\sidorov@home',
      '17',
      ' 17 ',
      '017',
      'иванов',
      'Ivanov@corp.example',
      'CORP\\ivanov',
      'двойник',
      '20',
    ];
    const offline = ['18', 'petrova', 'petrova@corp.example'];
    const neither = ['Никто', 'nobody@corp.example', 'corp\\nobody', '4711', '0', 'Elisa', '', 'a\nb', '99999999999'];
    const answer = await bench.presence([...neither, ...online, ...offline], later());
    expect(answer).toEqual(told(online, offline));
    const lists = server.world.asked.all().filter(({ command }) => command === '000F');
    expect(lists.map(({ members }) => String(members['UINS']).split(',').map(Number).sort())).toEqual([
      [17, 18, 19, 20, 21, 4711],
    ]);
    const names = server.world.asked.all().map(({ members }) => members['Nick'] ?? members['Email'] ?? 'none');
    expect(names.filter((name) => !String(name).trim() || String(name).includes('\n'))).toEqual([]);
  });

  it('are asked about 100 at a time', async () => {
    const people = server.presence!.people(200);
    await bench.presence(people, later());
    const lists = server.world.asked.all().filter(({ command }) => command === '000F');
    expect(lists.map(({ members }) => String(members['UINS']).split(',').length)).toEqual([100, 100]);
  });

  it('are looked up once in ten minutes, and once in a minute when there is no such person', async () => {
    const asked = ['petrova', 'Никто', '18', '17'];
    await bench.presence(asked, later());
    expect(commands().sort()).toEqual(['0005', '0005', '0007', '000F']);
    server.world.asked.clear();
    await bench.presence(asked, later(50_000));
    expect(commands()).toEqual(['000F']);
    server.world.asked.clear();
    server.world.users.push({ uin: 30, nick: 'Никто', status: 0 });
    expect(await bench.presence(asked, later(70_000))).toEqual(told(['Никто', '17'], ['petrova', '18']));
    expect(commands().sort()).toEqual(['0005', '000F']);
    server.world.asked.clear();
    await bench.presence(asked, later(610_000));
    expect(commands().sort()).toEqual(['0005', '0007', '000F']);
  });

  it('are not looked up more than four at a time, and no further after a failure', async () => {
    server.world.quirks.answerDelayMs = 20;
    const names = server.world.addUsers(40).map((uin) => `nick-${uin}`);
    server.plan('badAuth');
    const answer = await bench.presence(names, later());
    expect(answer).toMatchObject({ ok: false, outcome: { kind: 'authBroken', statusCode: 5 } });
    expect(commands().length).toBeLessThanOrEqual(2 * 4);
  });

  it('are not told when the key is wrong or the integration is off', async () => {
    const settings = server.settings({ serverKey: 'not-the-key' });
    const broken = (statusCode: number) => ({ ok: false, outcome: { kind: 'authBroken', statusCode } });
    for (const to of ['17', 'petrova']) {
      expect(await bench.presence([to], { ...later(), settings })).toMatchObject(broken(5));
    }
    server.world.apiEnabled = false;
    expect(await bench.presence(['17'], later())).toMatchObject(broken(9));
  });

  it('get what was sent while they were away, and the answer to it says that they were', async () => {
    expect(await bench.presence(['18'], later())).toEqual(told([], ['18']));
    expect(await bench.send({ to: '18' })).toMatchObject({ kind: 'delivered', recipientOnline: false });
    expect(server.received()).toMatchObject([{ to: '18', waiting: true }]);
    server.world.setOnline(18, true);
    expect(server.received()[0]).not.toHaveProperty('waiting');
    expect(await bench.presence(['18'], later())).toEqual(told(['18'], []));
  });
});

describe('answers of MyChat about people', () => {
  let days = 0;
  let bench: Bench;
  let server: MyChatServer;
  beforeAll(async () => {
    bench = await Bench.open({ adapter, simulator: mychatSimulator, variant: 'rest' });
    server = bench.running as MyChatServer;
  });
  afterEach(() => server.reset());
  afterAll(() => bench.close());

  it.each([
    ...['', '{}', '[]', '{"cmd":"000F"}', '{"Cmd":15,"UINS":"17,18","Statuses":"0"}', '{"Statuses":"0"}'],
    ...['{"Cmd":15,"UINS":"17,18","Statuses":"yes,no"}', '{"Cmd":15,"UINS":"17,99","Statuses":"0,0"}'],
    ...['{"cmd":"000F","context":"other","UINS":"17,18","Statuses":"0,0"}'],
  ])('does not take %j with status 200 for the news of who is online', async (body) => {
    server.plan({ kind: 'status', status: 200, body });
    expect(await bench.presence(['17', '18'])).toMatchObject({ ok: false, outcome: { kind: 'retryable' } });
  });

  it.each([
    ['{"Cmd":15,"UINS":"18, 17","Statuses":"-1, 2"}', ['17'], ['18']],
    ['{"cmd":"000f","Statuses":"0,-1"}', ['17'], ['18']],
    ['{"Statuses":"-2,-1"}', [], ['18']],
  ])('reads who is online from %s', async (body, online, offline) => {
    server.plan({ kind: 'status', status: 200, body });
    const answer = await bench.presence(['17', '18']);
    expect(answer).toEqual({ ok: true, online: new Set(online), offline: new Set(offline) });
  });

  it.each([
    ['{"cmd":"0007","Present":"false"}', []],
    ['{"cmd":"0001","error":19}', []],
    ['{"cmd":"0001","error":21}', ['4711']],
    ['{"cmd":"0001","error":99}', ['4711']],
  ])(
    'asks whether there is somebody of whom it heard that they are offline, and learns from %s',
    async (body, known) => {
      // Every case is of another day, so that none knows what the one before has learnt.
      days += 1;
      server.plan('ok');
      server.plan({ kind: 'status', status: 200, body });
      const answer = await bench.presence(['4711'], { now: () => Date.now() + days * 86_400_000 });
      expect(answer).toEqual({ ok: true, online: new Set(), offline: new Set(known) });
    },
  );

  it.each(['{"cmd":"0007","Present":"perhaps"}', '<html>', '{"cmd":"0001","error":5}'])(
    'tells of nobody when it hears %s in place of whether there is such a person',
    async (body) => {
      days += 1;
      server.plan('ok');
      server.plan({ kind: 'status', status: 200, body });
      const answer = await bench.presence(['4711'], { now: () => Date.now() + days * 86_400_000 });
      expect(answer).toMatchObject({ ok: false });
    },
  );
});
