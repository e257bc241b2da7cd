import { Module } from '@nestjs/common';
import { definitionsProvider, draftsProvider, revisionsProvider } from './definitions.provider.ts';
import { ExplainController } from './explain.controller.ts';
import { Explainer } from './explainer.ts';

/** The question why, for pasted, stored and past events. */
@Module({
  controllers: [ExplainController],
  providers: [definitionsProvider, revisionsProvider, draftsProvider, Explainer],
  exports: [Explainer],
})
export class ExplainModule {}
