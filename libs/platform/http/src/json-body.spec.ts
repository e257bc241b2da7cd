import { describe, expect, it } from '@jest/globals';
import { parseJsonBody } from './json-body.ts';

describe('parseJsonBody', () => {
  it('keeps every character', () => {
    expect(parseJsonBody('{"t":"Склад 📦 \\u0416\\u0000"}')).toEqual({ t: 'Склад 📦 Ж\0' });
  });

  it('tells the position of a fault', () => {
    expect(() => parseJsonBody('{"a":}')).toThrow(
      expect.objectContaining({ code: 'BODY_NOT_JSON', detail: expect.stringContaining('Position 5') }),
    );
  });

  it.each([
    '{"__proto__":1}',
    '[{"a":{"__proto__":{}}}]',
    '{"\\u005f_proto__":1}',
    '{"_\\u005Fproto__":1}',
    '{"\\u005f\\u005fproto\\u005f\\u005f":1}',
  ])('refuses a key that could reach a prototype: %s', (text) => {
    expect(() => parseJsonBody(text)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });

  it('lets the word stand in a value', () => {
    expect(parseJsonBody('{"a":"__proto__"}')).toEqual({ a: '__proto__' });
  });
});
