import { Module } from '@nestjs/common';
import { AccessModule } from './access/access.module.ts';
import { AuditModule } from './audit/audit.module.ts';
import { BackendsModule } from './backends/backends.module.ts';
import { BacktestsModule } from './backtests/backtests.module.ts';
import { DeliveriesModule } from './deliveries/deliveries.module.ts';
import { EventsModule } from './events/events.module.ts';
import { FollowsModule } from './follows/follows.module.ts';
import { InboxModule } from './inbox/inbox.module.ts';
import { ExplainModule } from './rule-book/explain.module.ts';
import { RuleBookModule } from './rule-book/rule-book.module.ts';
import { SchedulesModule } from './schedules/schedules.module.ts';

/** MANAGE. The platform, and the values of `adminProviders`, come from the root module. */
@Module({
  imports: [
    EventsModule,
    DeliveriesModule,
    ExplainModule,
    RuleBookModule,
    BacktestsModule,
    SchedulesModule,
    FollowsModule,
    BackendsModule,
    InboxModule,
    AccessModule,
    AuditModule,
  ],
})
export class AdminModule {}
