import { Module } from '@nestjs/common';
import { ExplainModule } from '../rule-book/explain.module.ts';
import { EventsController } from './events.controller.ts';

/** Events to look at, and to route again. */
@Module({ imports: [ExplainModule], controllers: [EventsController] })
export class EventsModule {}
