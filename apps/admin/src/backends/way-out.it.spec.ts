import { createLogger } from '#platform/log';
import { createHttpApp, listen, platformModule, Public } from '#platform/http';
import type { Queues } from '#platform/queue';
import { openDatabase } from '#platform/store';
import { freshDatabase } from '#testing/services';
import { webhookSimulator } from '#testing/simulators';
import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import { ADMIN_CONFIG, WayOut } from './way-out.ts';

/** Something that is waited for, and whoever makes it come. */
function signal(): { came: Promise<void>; give(): void } {
  let give: () => void = () => undefined;
  const came = new Promise<void>((resolve) => (give = resolve));
  return { came, give };
}

describe('the ways out', () => {
  it('stay open for a request that is under way when the app stops', async () => {
    const [fresh, sink] = await Promise.all([freshDatabase(), webhookSimulator.start()]);
    const database = openDatabase({ connectionString: fresh.url, poolSize: 2, onError: () => undefined });
    const [begun, stopping] = [signal(), signal()];

    /** Sends only once the stop has begun, as the second part of a long test message would. */
    @Public()
    @Controller('late')
    class LateController {
      readonly #wayOut: WayOut;

      constructor(wayOut: WayOut) {
        this.#wayOut = wayOut;
      }

      @Get()
      async send(): Promise<object> {
        begun.give();
        await stopping.came;
        const { network, mailbox } = this.#wayOut;
        const limit = AbortSignal.timeout(5000);
        const sent = await network.http({ method: 'POST', url: sink.url, body: '{}', signal: limit });
        await mailbox.put({ deliveryId: uuidv7(), to: 'anna', text: 'late', event: { id: uuidv7(), type: 't' } });
        return sent.ok ? { status: sent.value.status } : sent.failure;
      }
    }

    /** Tells when the first hooks of the stop have been called. */
    @Injectable()
    class StopSign implements BeforeApplicationShutdown {
      beforeApplicationShutdown(): void {
        setImmediate(() => stopping.give());
      }
    }

    @Module({ controllers: [LateController], providers: [WayOut, StopSign] })
    class LateModule {}

    const log = createLogger('test', 'silent');
    const providers = [{ provide: ADMIN_CONFIG, useValue: { TARGET_NETWORKS: ['127.0.0.0/8'] } }];
    const platform = platformModule({ log, database, queues: {} as Queues, providers });
    const root = { module: class RootModule {}, imports: [platform, LateModule] };
    const app = await createHttpApp(root, { log, keys: { find: async () => undefined, touch: () => undefined } });
    const base = await listen(app, { host: '127.0.0.1', port: 0 });

    const answer = fetch(`${base}/late`, { headers: { connection: 'close' } }).then((got) => got.json());
    await begun.came;
    await app.close();
    expect(await answer).toEqual({ status: 204 });
    await Promise.all([sink.stop(), database.close()]);
    await fresh.drop();
  });
});
