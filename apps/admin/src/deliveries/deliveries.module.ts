import { Module } from '@nestjs/common';
import { DeliveriesController } from './deliveries.controller.ts';

/** Deliveries to look at, and dead letters to put back. */
@Module({ controllers: [DeliveriesController] })
export class DeliveriesModule {}
