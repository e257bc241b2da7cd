import { Module } from '@nestjs/common';
import { definitionController } from './definition-controller.ts';
import { definitionsProvider, draftsProvider, revisionsProvider } from './definitions.provider.ts';
import {
  DraftChangesController,
  draftDefinitionController,
  DraftSettingsController,
} from './draft-definitions.controller.ts';
import { DraftDesk } from './draft-desk.ts';
import { DraftsController } from './drafts.controller.ts';
import { RuleBookDesk } from './folder/rule-book-desk.ts';
import { RuleBookController } from './folder/rule-book.controller.ts';
import { kinds } from './kinds.ts';
import { RevisionsController } from './revisions.controller.ts';
import { SettingsController } from './settings.controller.ts';

const all = Object.values(kinds);

/** Rules, recipients, groups, templates and schedules, what holds for all of them, their history and drafts. */
@Module({
  controllers: [
    ...all.map((kind) => definitionController(kind)),
    SettingsController,
    RuleBookController,
    RevisionsController,
    DraftsController,
    ...all.map(draftDefinitionController),
    DraftSettingsController,
    DraftChangesController,
  ],
  providers: [definitionsProvider, revisionsProvider, draftsProvider, DraftDesk, RuleBookDesk],
})
export class RuleBookModule {}
