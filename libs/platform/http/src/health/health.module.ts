import { Module } from '@nestjs/common';
import { HealthController } from './health.controller.ts';

/** Probes and metrics. Needs the token `READINESS` from the platform module. */
@Module({ controllers: [HealthController] })
export class HealthModule {}
