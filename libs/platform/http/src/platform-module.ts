import { LOG, type Logger } from '#platform/log';
import { QUEUES, type Queues } from '#platform/queue';
import { DATABASE, type Database } from '#platform/store';
import type { DynamicModule } from '@nestjs/common';

/** A value under a token. */
export interface Provided {
  provide: symbol | string;
  useValue: unknown;
}

/** What every module of a process may inject. */
export interface PlatformParts {
  log: Logger;
  database: Database;
  queues: Queues;
  /** Values under tokens of the apps' own, such as `KEYS` and `READINESS`. */
  providers?: readonly Provided[];
}

/** The class that the dynamic module below hangs on. */
export class PlatformModule {}

/** Makes the global module that hands out the logger (`LOG`), the database (`DATABASE`), the queues (`QUEUES`) and the rest. */
export function platformModule({ log, database, queues, providers = [] }: PlatformParts): DynamicModule {
  const all: Provided[] = [
    { provide: LOG, useValue: log },
    { provide: DATABASE, useValue: database },
    { provide: QUEUES, useValue: queues },
    ...providers,
  ];
  return { module: PlatformModule, global: true, providers: all, exports: all.map(({ provide }) => provide) };
}
