import { describe, expect, it } from '@jest/globals';
import { run, type Members } from './commands.ts';
import { World } from './world.ts';

function asked(command: string, members: Members, world = new World()) {
  return run(command, { ServerKey: world.key, ...members }, world);
}

describe('the world of a MyChat server', () => {
  it('finds people by UIN, e-mail, nick and login in any case, and the first of two with one nick', () => {
    const world = new World();
    for (const reference of [17, '17', 'ИВАНОВ', 'Ivanov@Corp.example', 'CORP\\Ivanov']) {
      expect(world.findUser(reference)?.uin).toBe(17);
    }
    expect(world.findUser('двойник')?.uin).toBe(19);
    expect(world.findUser(0)?.nick).toBe('Elisa');
    expect(world.findUser('nobody')).toBeUndefined();
  });

  it('has a conference only while somebody is in it, under the same UID again', () => {
    const world = new World();
    world.setStatus(17, -1);
    expect(world.findRoom(12)?.name).toBe('Склад');
    world.setStatus(19, -1);
    expect(world.findRoom(12)).toBeUndefined();
    world.rooms[0]!.members.add(18);
    expect(world.findRoom(12)?.name).toBe('Склад');
    expect(() => world.setStatus(99, 0)).toThrow('UIN 99');
  });

  it('keeps what was said to somebody offline, and hands it over with the original time', () => {
    const world = new World();
    expect(asked('0002', { UserTo: 'petrova', Msg: 'Привет' }, world)).toEqual({ members: { UINTo: 18, State: -1 } });
    expect(world.said.all()[0]?.handedOverAt).toBeUndefined();
    const { at } = world.said.all()[0]!;
    world.setStatus(18, 2);
    expect(world.said.all()[0]).toMatchObject({ at, handedOverAt: expect.any(Number) });
  });
});

describe('people of a MyChat server', () => {
  it('come and go as a test wants, also those that it added', () => {
    const world = new World();
    const uins = world.addUsers(4);
    expect(uins).toEqual([1001, 1002, 1003, 1004]);
    world.setOnline(1001, false);
    world.setOnline(18, true);
    expect(asked('000F', { UINS: '1001,1002,1003,1004,18' }, world)).toMatchObject({
      members: { Statuses: '-1,-1,0,-1,0' },
    });
    expect(() => world.setOnline(4711, true)).toThrow('UIN 4711');
    world.reset();
    expect(asked('0007', { UIN: 1001 }, world)).toMatchObject({ members: { Present: false } });
  });

  it('are not found by nick as a UIN or an e-mail, nor by e-mail as a nick', () => {
    expect(asked('0005', { Nick: '17' })).toMatchObject({ error: 8 });
    expect(asked('0005', { Nick: 'petrova@corp.example' })).toMatchObject({ error: 8 });
    expect(asked('0006', { Email: 'petrova' })).toMatchObject({ error: 20 });
    expect(asked('0005', { Nick: 'CORP\\ivanov' })).toEqual({ members: { UIN: 17 } });
  });

  it('are asked about in commands that the test can look at, those with a wrong key left out', () => {
    const world = new World();
    asked('000f', { UINS: '17' }, world);
    asked('000F', { UINS: '17', ServerKey: 'wrong' }, world);
    expect(world.asked.all()).toEqual([{ command: '000F', members: { ServerKey: world.key, UINS: '17' } }]);
    world.reset();
    expect(world.asked.count).toBe(0);
  });
});

describe('the commands of a MyChat server', () => {
  it.each([
    ['0002', { UserTo: '17', Msg: 'x' }, { UINTo: 17, State: 0 }],
    ['0002', { UserTo: 20, Msg: 'x', hash: '', Unknown: 1 }, { UINTo: 20, State: 2 }],
    ['0004', { UID: '12', Msg: 'x' }, { UINFrom: 0, UID: 12 }],
    ['0004', { UID: 12, Msg: 'x', UserFrom: '17' }, { UINFrom: 17, UID: 12 }],
    ['0003', { UIN: 18 }, { UIN: 18, Online: false }],
    ['000f', { UINS: '17,999,20' }, { UINS: '17,999,20', Statuses: '0,-1,2' }],
    ['0005', { Nick: 'ДВОЙНИК' }, { UIN: 19 }],
    ['0006', { Email: 'petrova@corp.example' }, { UIN: 18 }],
    ['0007', { UIN: '99' }, { UIN: 99, Present: false }],
    ['000A', { UID: 12 }, { UID: 12, Name: 'Склад', Topic: 'Остатки' }],
    ['000E', {}, expect.objectContaining({ Name: 'MyChat simulator' })],
  ])('answer %s %j', (command, members, expected) => {
    expect(asked(command, members)).toEqual({ members: expected });
  });

  it.each([
    ['0002', { Msg: 'x' }, 10],
    ['0002', { UserTo: '', Msg: 'x' }, 47],
    ['0002', { UserTo: '17' }, 10],
    ['0002', { UserTo: '17', Msg: ' \r\n ' }, 4],
    ['0002', { UserTo: '17', Msg: '' }, 4],
    ['0002', { UserTo: '17', UserFrom: 'nobody', Msg: 'x' }, 2],
    ['0002', { UserTo: '17', UserFrom: 'corp\\nobody', Msg: 'x' }, 12],
    ['0002', { UserTo: 'nobody', Msg: 'x' }, 3],
    ['0002', { UserTo: 'corp\\nobody', Msg: 'x' }, 11],
    ['0002', { UserTo: '17', UserFrom: '17', Msg: 'x' }, 17],
    ['0004', { UID: 99, Msg: 'x' }, 6],
    ['0004', { UID: 12, Msg: 'x', UserFrom: '20' }, 7],
    ['0004', { UID: 12, Msg: ' ' }, 4],
    ['0003', { UIN: 99 }, 19],
    ['0005', { Nick: 'nobody' }, 8],
    ['0005', { Nick: 'corp\\nobody' }, 43],
    ['000F', {}, 10],
    ['000F', { UINS: '' }, 47],
    ['000F', { UINS: '17,petrova' }, 21],
    ['000F', { UINS: '17,2147483648' }, 21],
    ['0005', { Nick: '' }, 18],
    ['0006', { Email: 'nobody@x' }, 20],
    ['0006', {}, 23],
    ['0007', {}, 24],
    ['000A', { UID: 99 }, 6],
    ['0099', {}, 21],
  ])('refuse %s %j with error %i', (command, members, error) => {
    expect(asked(command, members)).toMatchObject({ error });
  });

  it('check the switch first, then the key, then everything else', () => {
    const world = new World();
    expect(asked('0002', { ServerKey: 'wrong' }, world)).toEqual({ error: 5 });
    world.apiEnabled = false;
    expect(asked('0002', { ServerKey: 'wrong' }, world)).toEqual({ error: 9 });
    world.reset();
    expect(asked('0002', { Msg: ' ', UserTo: 'nobody', UserFrom: 'nobody' }, world)).toEqual({ error: 4 });
    expect(asked('0002', { Msg: 'x', UserTo: 'nobody', UserFrom: 'nobody' }, world)).toMatchObject({ error: 2 });
  });

  it('send a letter to oneself as the robot on older servers', () => {
    const world = new World();
    world.quirks.selfSend = 'robot';
    expect(asked('0002', { UserTo: '17', UserFrom: '17', Msg: 'x' }, world)).toEqual({
      members: { UINTo: 17, State: 0 },
    });
    expect(world.said.all()).toMatchObject([{ from: 0 }]);
  });
});
