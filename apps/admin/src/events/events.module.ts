import { Module } from '@nestjs/common';
import { EventsController } from './events.controller.ts';

/** Events to look at, and to route again. */
@Module({ controllers: [EventsController] })
export class EventsModule {}
