import { Module } from '@nestjs/common';
import { AccessModule } from './access/access.module.ts';
import { AuditModule } from './audit/audit.module.ts';
import { BackendsModule } from './backends/backends.module.ts';
import { RuleBookModule } from './rule-book/rule-book.module.ts';

/** MANAGE. The platform, and the values of `adminProviders`, come from the root module. */
@Module({ imports: [RuleBookModule, BackendsModule, AccessModule, AuditModule] })
export class AdminModule {}
