import { HouseError } from '#contract';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readBinary } from './binary-mode.ts';

const ce = { 'ce-specversion': '1.0', 'ce-id': 'a-1', 'ce-source': '/pbx', 'ce-type': 'call.missed' };
const attributes = { specversion: '1.0', id: 'a-1', source: '/pbx', type: 'call.missed' };

function refusalOf(work: () => unknown): HouseError {
  try {
    work();
  } catch (error) {
    if (error instanceof HouseError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('a CloudEvent in binary mode', () => {
  it('takes its attributes from the ce- headers and its data from the body', () => {
    const headers = { ...ce, 'ce-severity': 'high', 'content-type': 'application/json', host: 'here' };
    expect(readBinary(headers, { from: '101' }, 'application/json')).toEqual({
      ...attributes,
      severity: 'high',
      datacontenttype: 'application/json',
      data: { from: '101' },
    });
  });

  it.each(['application/json', 'application/vnd.erp.order+json', 'text/plain', 'text/csv'])(
    'takes data of type %s',
    (type) => {
      expect(readBinary(ce, 'word', type)).toEqual({ ...attributes, datacontenttype: type, data: 'word' });
    },
  );

  it('may have data that is null, false, nothing or an empty text', () => {
    expect(readBinary(ce, false, 'application/json')).toMatchObject({ data: false });
    expect(readBinary(ce, '', 'text/plain')).toMatchObject({ data: '' });
    expect(readBinary(ce, undefined, 'application/json')).toEqual(attributes);
    expect(readBinary(ce, null, 'application/json')).toEqual(attributes);
    expect(readBinary(ce, '', '')).toEqual(attributes);
  });

  it('is refused when the data is neither JSON nor text', () => {
    expect(refusalOf(() => readBinary(ce, 'x', 'image/png'))).toMatchObject({
      code: 'MEDIA_TYPE_UNSUPPORTED',
      detail: expect.stringContaining('image/png'),
    });
    expect(refusalOf(() => readBinary(ce, 'x', ''))).toMatchObject({ detail: expect.stringContaining('unknown') });
  });

  it('gives back every text that was percent-encoded into a header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const read = readBinary({ ...ce, 'ce-subject': encodeURIComponent(text) }, undefined, '');
        expect(read['subject']).toBe(text);
      }),
    );
  });

  it.each(['%', '%zz', '100%', '%E0%A4%A', '%C0%80'])(
    'is refused at the header when it is not UTF-8 behind: %s',
    (text) => {
      const refusal = refusalOf(() => readBinary({ ...ce, 'ce-subject': text }, {}, 'application/json'));
      expect(refusal).toMatchObject({ code: 'REQUEST_INVALID', faults: [{ pointer: 'ce-subject' }] });
    },
  );
});
