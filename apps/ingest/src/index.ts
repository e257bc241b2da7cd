/** ACCEPT: doors in. Commits, then answers. */
import { amqpEnv } from '#platform/config';
import type { Provided } from '#platform/http';
import { INGEST_CONFIG, type AmqpConfig } from './amqp/amqp-door.ts';

export { IngestModule } from './ingest.module.ts';

/** What the doors read of the environment. */
export const ingestEnv = amqpEnv;

/** The values that `IngestModule` injects. Without them only HTTP is open. */
export function ingestProviders(config: AmqpConfig): Provided[] {
  return [{ provide: INGEST_CONFIG, useValue: config }];
}
