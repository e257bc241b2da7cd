import { describe, expect, it } from '@jest/globals';
import { faultsOf } from '#contract';
import { refuseAddress, roomUid } from './address.ts';
import type { Command } from './command.ts';
import { fromErrorNumber } from './errors.ts';
import { settings } from './manifest.ts';
import { judge } from './send.ts';

describe('addresses on MyChat', () => {
  it('are a UIN, an e-mail address, a nick or a domain login for a person', () => {
    for (const to of ['17', 'ivanov@corp.example', 'Иванов', 'corp\\ivanov', 'Анна Мария']) {
      expect(refuseAddress(to, 'person')).toBeUndefined();
    }
    for (const to of ['', '  ', 'a\nb', 'a\u0000']) expect(refuseAddress(to, 'person')).toMatch(/UIN/);
    expect(refuseAddress('0', 'person')).toMatch(/robot/);
  });

  it('are the number of a conference for a room', () => {
    expect(['12', 'uid:12', 'UID:12', ' 12 '].map(roomUid)).toEqual([12, 12, 12, 12]);
    for (const to of ['Склад', '0', '-1', '1.5', 'uid:', '']) expect(refuseAddress(to, 'room')).toMatch(/UID/);
  });
});

describe('the settings of MyChat', () => {
  const pointers = (candidate: unknown) => {
    const parsed = settings.safeParse(candidate);
    return parsed.success ? [] : faultsOf(parsed.error.issues).map((fault) => fault.pointer);
  };

  it('have sensible defaults for each transport', () => {
    expect(settings.parse({ url: 'http://chat.local', serverKey: 'k' })).toEqual({
      ...{ transport: 'rest', url: 'http://chat.local', serverKey: 'k', sender: '0', apisType: 'vestnik' },
      ...{ port: 2004, hello: 'mc2023.4.0' },
    });
    expect(pointers({ transport: 'socket', host: 'chat.local', serverKey: 'k' })).toEqual([]);
  });

  it('need a URL for REST and a host for the socket', () => {
    expect(pointers({ serverKey: 'k' })).toEqual(['/url']);
    expect(pointers({ serverKey: 'k', host: 'chat.local' })).toEqual(['/url']);
    expect(pointers({ serverKey: 'k', transport: 'socket', url: 'http://chat.local' })).toEqual(['/host']);
  });

  it('refuse what would break the line of a frame, and unknown greetings', () => {
    const good = { url: 'http://chat.local', serverKey: 'k' };
    expect(pointers({ ...good, serverKey: 'a\r\nb' })).toEqual(['/serverKey']);
    expect(pointers({ ...good, serverKey: '' })).not.toEqual([]);
    expect(pointers({ ...good, hello: 'mc6' })).toEqual(['/hello']);
    expect(pointers({ ...good, port: 0 })).toEqual(['/port']);
  });
});

describe('the error numbers of MyChat', () => {
  it.each([
    ...[5, 9].map((number) => [number, 'authBroken']),
    ...[6, 7].map((number) => [number, 'recipientOffline']),
    ...[2, 3, 4, 8, 10, 11, 12, 17, 18, 19, 20, 21, 23, 24, 28, 36, 37, 42, 43, 47, 65, 67].map((number) => [
      number,
      'permanent',
    ]),
  ] as [number, string][])('make of %i: %s, at the first attempt', (number, kind) => {
    const outcome = fromErrorNumber(number, 'words', 1);
    expect(outcome).toMatchObject({ kind, statusCode: number, reason: `mychat_${number}` });
    expect(outcome.detail).toMatch(new RegExp(`^error ${number} \\w+: words$`));
  });

  it('count as passing twice when they are unknown, then as permanent', () => {
    expect([1, 2, 3].map((attempt) => fromErrorNumber(99, '', attempt).kind)).toEqual([
      'retryable',
      'retryable',
      'permanent',
    ]);
    expect(fromErrorNumber(undefined, 'words', 1)).toMatchObject({ kind: 'retryable', reason: 'mychat_unknown' });
  });
});

describe('judging an answer', () => {
  const command: Command = { number: '0002', context: 'dlv_1', members: {} };
  const judged = (text: string, secrets: string[] = []) => judge(Buffer.from(text), command, 1, secrets);

  it.each([
    ['{"cmd":"0002","context":"dlv_1","UINTo":17,"State":0}', { kind: 'delivered', recipientOnline: true }],
    ['{"cmd":"0002","UINTo":17,"State":-1}', { kind: 'delivered', recipientOnline: false }],
    ['{"Cmd":2,"context":""}', { kind: 'delivered' }],
    ['{"UINTo":"17","State":"2"}', { kind: 'delivered', recipientOnline: true }],
    ['{"cmd":"0002","context":"dlv_2","UINTo":17}', { kind: 'retryable', reason: 'foreign_answer' }],
    ['{"cmd":"0004","UID":12}', { kind: 'retryable', reason: 'unexpected_answer' }],
    ['<html>', { kind: 'retryable', reason: 'not_json' }],
    ['', { kind: 'retryable', reason: 'not_json', detail: expect.stringMatching(/empty$/) }],
    [
      '{"cmd":"0001","error":3,"User":"nobody"}',
      { kind: 'permanent', detail: 'error 3 WrongReceiverUser: user nobody' },
    ],
  ])('makes of %s the right outcome', (text, expected) => {
    expect(judged(text)).toMatchObject(expected);
  });

  it('masks a secret before the words are cut, so that not even half of it is left', () => {
    const { detail } = judged('x'.repeat(960) + 'k3y-that-is-long'.repeat(4), ['k3y-that-is-long']);
    expect(detail).not.toContain('k3y');
    expect(judged('{"a":"k3y-that-is-long"}', ['k3y-that-is-long']).detail).toContain('{"a":"***"}');
  });
});
