import { Module } from '@nestjs/common';
import { definitionsProvider } from './definitions.provider.ts';
import { ExplainController } from './explain.controller.ts';
import { Explainer } from './explainer.ts';
import { GroupsController, RecipientsController, RulesController, TemplatesController } from './kinds.ts';

/** Rules, recipients, groups and templates, and the question why. */
@Module({
  controllers: [RulesController, ExplainController, RecipientsController, GroupsController, TemplatesController],
  providers: [definitionsProvider, Explainer],
})
export class RuleBookModule {}
