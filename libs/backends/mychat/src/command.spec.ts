import { describe, expect, it } from '@jest/globals';
import type { OutboundMessage } from '#backends/kit';
import fc from 'fast-check';
import { asciiJson, commandFor, frameOf, questionFor } from './command.ts';
import { settings as settingsSchema } from './manifest.ts';
import { requestFor } from './rest.ts';

/** Any UTF-16 units, halves of surrogate pairs included; an order of magnitude quicker than fast-check's own `binary`. */
const anyText = (maxLength = 20, minLength = 0) =>
  fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength, maxLength }).map((units) => String.fromCharCode(...units));

const settings = settingsSchema.parse({ url: 'http://chat.local', serverKey: 'k3y' });
const message: OutboundMessage = {
  deliveryId: '0199d2a0-6c3f-7000-8000-000000000001',
  attempt: 1,
  to: '17',
  toKind: 'person',
  text: 'Склад: 5 шт\nпусто',
  part: { index: 1, of: 1 },
  event: { id: 'x', source: 'erp', type: 'a.b', time: '2026-11-20T08:00:00Z', data: {} },
};

describe('the command for a message', () => {
  it('is 0002 to a person, with line breaks as CRLF and the delivery as context', () => {
    expect(commandFor({ ...message, to: ' corp\\ivanov ' }, settings)).toEqual({
      number: '0002',
      context: 'dlv_0199d2a0-6c3f-7000-8000-000000000001',
      members: {
        ServerKey: 'k3y',
        APIStype: 'vestnik',
        context: 'dlv_0199d2a0-6c3f-7000-8000-000000000001',
        UserFrom: '0',
        UserTo: 'corp\\ivanov',
        Msg: 'Склад: 5 шт\r\nпусто',
      },
    });
  });

  it('is 0004 to a conference, by its number', () => {
    const { number, members } = commandFor({ ...message, to: 'uid:12', toKind: 'room' }, settings);
    expect([number, members['UID'], members['UserTo']]).toEqual(['0004', 12, undefined]);
  });

  it('tells the parts of a split text apart', () => {
    expect(commandFor({ ...message, part: { index: 2, of: 3 } }, settings).context).toMatch(/^dlv_.*\.2$/);
  });
});

describe('the command of a question', () => {
  it('has the key, the label and what is asked, and nothing of a message', () => {
    const { number, context, members } = questionFor('0005', { Nick: 'Иванов' }, settings);
    expect(number).toBe('0005');
    expect(members).toEqual({ ServerKey: 'k3y', APIStype: 'vestnik', context, Nick: 'Иванов' });
  });

  it('has a context that no other has', () => {
    const contexts = [1, 2, 3].map(() => questionFor('000F', { UINS: '17' }, settings).context);
    expect(new Set(contexts).size).toBe(3);
  });
});

describe('JSON for MyChat', () => {
  it('is printable ASCII on one line and means the same, whatever the text', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        const json = asciiJson({ Msg: text });
        expect(json).toMatch(/^[\x20-\x7e]*$/);
        expect(JSON.parse(json)).toEqual({ Msg: text });
      }),
    );
    expect(asciiJson('👋\r\n')).toBe('"\\ud83d\\udc4b\\r\\n"');
  });
});

describe('the frame of the raw socket', () => {
  it('equals the documented sample, byte by byte', () => {
    const members = {
      UserTo: '17',
      UserFrom: '0',
      Msg: 'Склад: 5 шт',
      APIStype: 'router',
      ServerKey: 'k3y',
      context: 'n-42',
    };
    const frame = frameOf({ number: '0002', context: 'n-42', members });
    const sample =
      '{"UserTo":"17","UserFrom":"0","Msg":"\\u0421\\u043a\\u043b\\u0430\\u0434: 5 \\u0448\\u0442",' +
      '"APIStype":"router","ServerKey":"k3y","context":"n-42"}';
    expect(frame.subarray(0, 12).toString('hex')).toBe('170630303737333030303032');
    expect(frame.subarray(12).toString('latin1')).toBe(sample + '\r\n');
    expect(frame).toHaveLength(154);
  });
});

describe('the request to the web service', () => {
  const command = commandFor(message, settings);

  it('is a GET with cmd and members in data while the URL is short', () => {
    const { method, url } = requestFor(command, 'http://chat.local');
    expect(method).toBe('GET');
    expect(url).toMatch(/^http:\/\/chat\.local\/API\/\?data=%7B%22cmd%22%3A%220002%22/);
    const data = new URL(url).searchParams.get('data')!;
    expect(JSON.parse(data)).toEqual({ cmd: '0002', ...command.members });
  });

  it('is a POST of the same form when the URL would be long', () => {
    const long = commandFor({ ...message, text: 'Ы'.repeat(500) }, settings);
    const { method, url, headers, body } = requestFor(long, 'http://chat.local');
    expect([method, url]).toEqual(['POST', 'http://chat.local/API/']);
    expect(headers).toEqual({ 'content-type': 'application/x-www-form-urlencoded' });
    expect(JSON.parse(new URLSearchParams(String(body)).get('data')!)).toEqual({ cmd: '0002', ...long.members });
  });

  it('is a GET for a hundred UINs of ten digits', () => {
    const uins = Array.from({ length: 100 }, (_, index) => 2_147_483_647 - index).join(',');
    expect(requestFor(questionFor('000F', { UINS: uins }, settings), 'http://chat.local').method).toBe('GET');
  });

  it.each([
    ['http://chat.local/', 'http://chat.local/API/'],
    ['https://chat.local:8080', 'https://chat.local:8080/API/'],
    ['https://proxy.example/mychat/', 'https://proxy.example/mychat/API/'],
    ['http://chat.local/API/', 'http://chat.local/API/'],
    ['http://chat.local/api', 'http://chat.local/API/'],
    ['http://chat.local/?x=1', 'http://chat.local/API/'],
  ])('takes %s for a base URL', (base, api) => {
    expect(requestFor(command, base).url.split('?')[0]).toBe(api);
  });
});
