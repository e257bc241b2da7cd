import type { Logger } from '#platform/log';
import type { INestApplication } from '@nestjs/common';
import type { HouseAdapter } from './adapter.ts';

/** Starts listening and answers the URL to be used on this machine. */
export async function listen(app: INestApplication, where: { host: string; port: number }): Promise<string> {
  await app.listen(where.port, where.host);
  return app.getUrl();
}

/**
 * Stops serving without failing anybody. For `noticeMs` milliseconds `/health/ready` answers 503 while all else is served as
 * before; then nobody new is let in, what was asked is answered with `connection: close`, and the application closes. `app` is
 * one of `createHttpApp`.
 */
export async function stopServing(app: INestApplication, noticeMs = 0): Promise<void> {
  if (noticeMs > 0) {
    (app.getHttpAdapter() as unknown as HouseAdapter).traffic.leave();
    await new Promise((resolve) => setTimeout(resolve, noticeMs));
  }
  await app.close();
}

/**
 * Runs `stop` once on SIGTERM or SIGINT, then ends the process: with 0 when it stopped in time, with 1 when stopping failed
 * or took longer than `timeoutMs`. A second signal ends it at once.
 */
export function stopOnSignals(log: Logger, stop: (signal: string) => Promise<void>, timeoutMs: number): void {
  let stopping = false;
  const onSignal = (signal: string) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'process.stopping');
    const timer = setTimeout(() => {
      log.error({ timeoutMs }, 'process.stop-timeout');
      process.exit(1);
    }, timeoutMs);
    stop(signal).then(
      () => {
        clearTimeout(timer);
        log.info('process.stopped');
        process.exit(0);
      },
      (error: unknown) => {
        log.error({ error }, 'process.stop-failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
