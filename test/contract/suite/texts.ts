import { expect, it } from '@jest/globals';
import type { Bench } from './bench.ts';

/** Texts that tend to get hurt on the way. */
const delicate: Record<string, string> = {
  'Cyrillic and other alphabets': 'Съешь ещё этих мягких французских булок, да выпей чаю — Łódź, 倉庫, مستودع',
  'emoji outside the basic plane, families and flags': '👋 👨‍👩‍👧‍👦 🏳️‍🌈 🇷🇺 👍🏽 ⚠️ 𝒱',
  'line breaks as CRLF': 'первая\r\nвторая\r\n\r\nчетвёртая',
  'quotes, backslashes and escapes': '"в кавычках" \'апостроф\' C:\\temp\\new \\u0041 \\r\\n %20 %5C +',
  'blanks and invisible characters': '\tотступ  два пробела\u00a0неразрывный\u200bноль\u2028строка\ufeffконец',
};

/** Markup and injections of many systems at once, on several lines; it must arrive as the very text it is. */
export const torture = [
  '*bold* _it_ ~~no~~ `code` ```block``` [link](javascript:alert(1)) ![i](x) <script>alert(1)</script> &amp; &lt;b&gt;',
  '@all @here @channel <!everyone> <@U1> [b]b[/b] [USER=1]x[/USER] {{ data }} {% if %} ${x} #{y} %s %n',
  '/me выходит\r\n/kick all\r\nQUIT :bye\r\n.\r\nDATA',
  '"}],"UserTo":"18","Msg":"forged"} &data={"cmd":"0004"} \'; DROP TABLE delivery; --',
  '\r\n\x17\x060077300002{"UserTo":"18","Msg":"forged"}\r\n',
].join('\r\n');

/** Cases about what arrives. */
export function describeTexts(bench: () => Bench): void {
  for (const [what, text] of Object.entries(delicate)) {
    it(`delivers ${what} exactly`, async () => {
      expect(await bench().send({ text })).toMatchObject({ kind: 'delivered' });
      expect(
        bench()
          .running.received()
          .map((message) => message.text),
      ).toEqual([text]);
    });
  }

  it('keeps the lines of a text apart, whatever line break the backend wants', async () => {
    await bench().send({ text: 'один\nдва\n\nчетыре' });
    expect(bench().running.received()[0]?.text.split(/\r?\n/)).toEqual(['один', 'два', '', 'четыре']);
  });

  it('delivers the torture of markup and injections as one message of that very text, to nobody else', async () => {
    expect(await bench().send({ text: torture })).toMatchObject({ kind: 'delivered' });
    const { to } = bench().running.address;
    expect(bench().running.received()).toEqual([expect.objectContaining({ to, text: torture })]);
  });

  it('hands on the title beside the text where the manifest keeps it separate', async () => {
    const { title } = bench().adapter.manifest.text;
    if (title === 'separate') await bench().send({ title: 'Склад 📦', text: 'пусто' });
    else await bench().send({ text: 'пусто' });
    const expected = title === 'separate' ? 'Склад 📦' : undefined;
    expect(bench().running.received()[0]?.title).toBe(expected);
  });

  it('does not mix twenty messages that are sent at once', async () => {
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    const outcomes = await Promise.all(numbers.map((number) => bench().send({ text: `сообщение ${number} из 20` })));
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(numbers.map(() => 'delivered'));
    const texts = bench()
      .running.received()
      .map((message) => message.text);
    expect(texts.sort()).toEqual(numbers.map((number) => `сообщение ${number} из 20`).sort());
  });

  it('repeats the id of the delivery on a second attempt where the backend drops repeats by it', async () => {
    const { deliveryId } = bench().message();
    await bench().send({ deliveryId, attempt: 1 });
    await bench().send({ deliveryId, attempt: 2 });
    const ids = bench()
      .running.received()
      .map((message) => message.deliveryId);
    if (bench().adapter.manifest.dedupe === 'native') expect([...new Set(ids)]).toEqual([`dlv_${deliveryId}`]);
    else expect(ids).toHaveLength(2);
  });
}
