import { ownRabbitMq, type OwnRabbitMq } from '#testing/services';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Handler } from './message.ts';
import { numbers, SpecBench } from './spec-bench.ts';

let broker: OwnRabbitMq;
let bench: SpecBench;
beforeAll(async () => {
  broker = await ownRabbitMq();
}, 60_000);
beforeEach(() => {
  bench = new SpecBench(broker.url);
});
afterEach(() => bench.close());
afterAll(() => broker.stop());

describe('a consumer whose broker is not well', () => {
  it('loses nothing when the broker is killed with messages in hand, and says so in two lines', async () => {
    let held = 0;
    const holdSome: Handler = async (message, hand) => {
      if (Number(message.content.toString()) < 150 || message.redelivered) return bench.takeAll(message, hand);
      held += 1;
      return new Promise((_resolve, reject) => hand.addEventListener('abort', () => reject(new Error('gone'))));
    };
    await bench.consuming(holdSome);
    await bench.send(await bench.channel(), numbers(0, 200));
    await bench.until(() => bench.taken.length === 150 && held === 50, 'the messages');
    await broker.flush();
    await broker.kill();
    await bench.until(() => bench.words().includes('amqp.disconnected'), 'the line');
    await broker.start();
    await bench.until(() => bench.words().length === 3, 'the connection', 30_000);
    await bench.until(() => new Set(bench.taken).size === 200, 'all messages', 30_000);
    await bench.send(await bench.channel(), numbers(0, 100));
    await bench.until(() => bench.taken.length >= 300, 'the ones after', 30_000);
    expect(bench.words()).toEqual(['amqp.connected', 'amqp.disconnected', 'amqp.connected']);
  }, 60_000);

  it('says once who is not let in and what to do, never the password, and begins when it is let in', async () => {
    const url = broker.url.replace('guest:guest', 'operator:pass-4711');
    bench.consume(bench.takeAll, { url });
    await bench.until(() => bench.words().includes('amqp.refused'), 'the line');
    expect(bench.lastLine()).toMatch(/ACCESS.REFUSED.*user name and the password in AMQP_URL/);
    const add = 'rabbit_auth_backend_internal:add_user(<<"operator">>, <<"pass-4711">>, <<"spec">>).';
    const allow =
      'rabbit_auth_backend_internal:set_permissions(<<"operator">>, <<"/">>, <<".*">>, <<".*">>, <<".*">>, <<"spec">>).';
    expect(await broker.evaluate(add)).toBe('ok');
    // Without rights in the virtual host it is another refusal.
    await bench.until(() => bench.words().length === 2, 'the other line');
    expect(bench.lastLine()).toMatch(/does not open the virtual host.*virtual host in AMQP_URL/);
    expect(await broker.evaluate(allow)).toBe('ok');
    await bench.until(() => bench.words().includes('amqp.connected'), 'the connection');
    expect(bench.words()).toEqual(['amqp.refused', 'amqp.refused', 'amqp.connected']);
    expect(JSON.stringify(bench.lines)).not.toContain('pass-4711');
  });

  it('goes on consuming while the broker is short of memory; what is rejected waits', async () => {
    await bench.consuming(bench.rejectBad);
    const channel = await bench.channel();
    await bench.send(channel, ['bad 1']);
    const { rejected } = bench.names;
    await bench.until(async () => (await channel.checkQueue(rejected)).messageCount === 1, 'the first bad one');
    await bench.send(channel, [...numbers(0, 50), 'bad 2', ...numbers(50, 100)], { CC: [] });
    await bench.until(() => bench.taken.length === 100, 'the messages');
    await broker.evaluate('vm_memory_monitor:set_vm_memory_high_watermark(0.00001).');
    await queueUnderAlarm(broker, [...numbers(100, 150), 'bad 3']);
    await bench.until(() => bench.taken.length === 150, 'the messages under the alarm');
    await bench.until(() => bench.words().includes('amqp.blocked'), 'the line');
    await broker.evaluate('vm_memory_monitor:set_vm_memory_high_watermark(0.4).');
    await bench.until(() => bench.words().includes('amqp.unblocked'), 'the other line');
    await bench.until(async () => (await channel.checkQueue(rejected)).messageCount === 3, 'the bad ones');
    expect(bench.words()).toEqual(['amqp.connected', 'amqp.blocked', 'amqp.unblocked']);
  }, 60_000);

  it('begins anew when the broker closes the connection or the channel', async () => {
    await bench.consuming();
    await broker.evaluate(
      '[rabbit_networking:close_connection(Pid, "spec") || Pid <- rabbit_networking:connections()].',
    );
    await bench.until(() => bench.words().length === 3, 'the connection anew');
    await broker.evaluate('[exit(Pid, kill) || Pid <- rabbit_channel:list()].');
    await bench.until(() => bench.words().length === 5, 'the channel anew');
    await bench.send(await bench.channel(), ['after']);
    await bench.until(() => bench.taken.length === 1, 'the message');
  }, 60_000);
});

/** Puts messages into the queue from inside, where no alarm stops them. */
async function queueUnderAlarm(broker: OwnRabbitMq, texts: string[]): Promise<void> {
  const list = texts.map((text) => `<<"${text}">>`).join(',');
  const exchange = `rabbit_misc:r(<<"/">>, exchange, <<"${bench.names.events}">>)`;
  const publish = `rabbit_basic:publish(${exchange}, <<"a.key">>, [], Text)`;
  await broker.evaluate(`[${publish} || Text <- [${list}]], ok.`);
}
