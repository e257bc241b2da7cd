import type { Logger } from '#platform/log';
import type { INestApplication } from '@nestjs/common';

/** Starts listening and answers the URL to be used on this machine. */
export async function listen(app: INestApplication, where: { host: string; port: number }): Promise<string> {
  await app.listen(where.port, where.host);
  return app.getUrl();
}

/**
 * Runs `stop` once on SIGTERM or SIGINT, then ends the process: with 0 when it stopped in time, with 1 when stopping failed
 * or took longer than `timeoutMs`. A second signal ends it at once.
 */
export function stopOnSignals(log: Logger, stop: () => Promise<void>, timeoutMs: number): void {
  let stopping = false;
  const onSignal = (signal: string) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'process.stopping');
    const timer = setTimeout(() => {
      log.error({ timeoutMs }, 'process.stop-timeout');
      process.exit(1);
    }, timeoutMs);
    stop().then(
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
