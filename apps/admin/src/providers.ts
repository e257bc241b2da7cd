import { courierEnv, secretsEnv, type Secret } from '#platform/config';
import type { Provided } from '#platform/http';
import { createSealer, SEALER } from '#platform/store';
import { ADMIN_CONFIG } from './backends/way-out.ts';

/** What the admin app reads of the environment beyond what every app reads. */
export const adminEnv = { ...secretsEnv, TARGET_NETWORKS: courierEnv.TARGET_NETWORKS };

/** The admin's part of the configuration. */
export interface AdminConfig {
  SECRET_KEY: Secret;
  TARGET_NETWORKS: readonly string[];
}

/** The values that `AdminModule` injects. */
export function adminProviders(config: AdminConfig): Provided[] {
  return [
    { provide: SEALER, useValue: createSealer(config.SECRET_KEY.reveal()) },
    { provide: ADMIN_CONFIG, useValue: { TARGET_NETWORKS: config.TARGET_NETWORKS } },
  ];
}
