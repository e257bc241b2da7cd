import { AdminModule, adminEnv, adminProviders } from '#apps/admin';
import { CourierModule, courierAppEnv, courierProviders } from '#apps/courier';
import { IngestModule, ingestEnv, ingestProviders } from '#apps/ingest';
import { RouterModule, routerEnv, routerProviders } from '#apps/router';
import { databaseEnv, secretsEnv, standaloneEnv } from '#platform/config';
import { runtimeEnv, type AppDescription } from '#platform/runtime';
import type { z } from 'zod';
import { seedDemo } from './demo.ts';

/** What all the apps read together. */
export const fullEnv = { ...runtimeEnv, ...ingestEnv, ...routerEnv, ...courierAppEnv, ...adminEnv };

/** What standalone reads: it can make for itself what the others must be given. */
export const localEnv = {
  ...fullEnv,
  ...standaloneEnv,
  DATABASE_URL: databaseEnv.DATABASE_URL.optional(),
  SECRET_KEY: secretsEnv.SECRET_KEY.optional(),
};

type Parsed<S extends Record<string, z.ZodType>> = Readonly<{ [K in keyof S]: z.output<S[K]> }>;

/** The configuration as the environment gave it. */
export type LocalConfig = Parsed<typeof localEnv>;

/** The configuration with nothing missing. */
export type StandaloneConfig = Parsed<typeof fullEnv>;

/** ACCEPT, ROUTE, DELIVER and MANAGE in one process. With `demo`, an empty rule book gets the warehouse example. */
export function standaloneApp(demo: boolean): AppDescription<typeof fullEnv> {
  return {
    name: 'standalone',
    env: fullEnv,
    modules: [IngestModule, RouterModule, CourierModule, AdminModule],
    providers: (config) => [
      ...ingestProviders(config),
      ...routerProviders(config),
      ...courierProviders(config),
      ...adminProviders(config),
    ],
    ...(demo ? { prepare: (runtime) => seedDemo(runtime.definitions) } : {}),
  };
}
