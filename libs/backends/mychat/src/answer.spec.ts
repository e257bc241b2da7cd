import { describe, expect, it } from '@jest/globals';
import { commandNumber, isErrorAnswer, numberIn, parseAnswer } from './answer.ts';

const read = (text: string | Buffer) => parseAnswer(Buffer.from(text as string))!;

describe('reading an answer of MyChat', () => {
  it.each([
    ['{"cmd":"0002","UINTo":17}', 2],
    ['{"Cmd":"000f"}', 15],
    ['{"\u0441md":"0004"}', 4],
    ['{"\u0421MD":"0013"}', 0x13],
    ['{"Cmd":15}', 15],
    ['{"Cmd" : 0008, "UINFrom":3}', 8],
    ['{"cmd":"0002" "UINTo":17}', 2],
    ['\ufeff{"cmd":"0002"}\r\n', 2],
    ['\x17\x060077300002{"cmd":"0002"}', 2],
    ['{"cmd":"zz"}', undefined],
    ['{}', undefined],
  ])('finds the command number in %j', (text, number) => {
    expect(commandNumber(read(text))).toBe(number);
  });

  it('folds a Cyrillic first letter of context too', () => {
    expect(read('{"\u0441ontext":"dlv_1"}').get('context')).toBe('dlv_1');
  });

  it('reads Windows-1251 where the bytes are no UTF-8', () => {
    const bytes = Buffer.concat([
      Buffer.from('{"User":"'),
      Buffer.from([0xcd, 0xe8, 0xea, 0xf2, 0xee]),
      Buffer.from('"}'),
    ]);
    expect(parseAnswer(bytes)?.get('user')).toBe('Никто');
    expect(read('{"User":"Никто"}').get('user')).toBe('Никто');
  });

  it.each(['', ' ', '<html>502</html>', '[]', 'null', '"text"', '17', '{"cmd":', '220 smtp ready'])(
    'finds no answer in %j',
    (text) => {
      expect(parseAnswer(Buffer.from(text))).toBeUndefined();
    },
  );

  it('reads numbers that come as text', () => {
    const answer = read('{"State":"-1","UIN":17,"Half":1.5,"Nick":"a","Empty":""}');
    expect(['state', 'uin', 'half', 'nick', 'empty', 'none'].map((key) => numberIn(answer, key))).toEqual([
      -1,
      17,
      ...Array<undefined>(4),
    ]);
  });

  it('tells the error envelope by its command or by an error number', () => {
    const errors = ['{"cmd":"0001","error":6}', '{"cmd":1}', '{"Error":"5"}', '{"cmd":"0001"}'];
    expect(errors.map((text) => isErrorAnswer(read(text)))).toEqual([true, true, true, true]);
    expect(['{"cmd":"0002"}', '{"error":0}', '{}'].map((text) => isErrorAnswer(read(text)))).toEqual([
      false,
      false,
      false,
    ]);
  });
});
