/** DELIVER: one attempt at a time, per backend. */
import { courierEnv, secretsEnv, type Secret } from '#platform/config';
import type { Provided } from '#platform/http';
import { createSealer, SEALER } from '#platform/store';
import { Module } from '@nestjs/common';
import { COURIER_CONFIG, CourierWorker, type CourierConfig } from './courier.worker.ts';

/** What the courier reads of the environment. */
export const courierAppEnv = { ...courierEnv, ...secretsEnv };

/** The values that `CourierModule` injects. */
export function courierProviders(config: CourierConfig & { SECRET_KEY: Secret }): Provided[] {
  return [
    { provide: COURIER_CONFIG, useValue: config },
    { provide: SEALER, useValue: createSealer(config.SECRET_KEY.reveal()) },
  ];
}

/** DELIVER. */
@Module({ providers: [CourierWorker] })
export class CourierModule {}
