import { bookSettings, type BookSettings, type JsonValue } from '#contract';
import { Describe, RequireScope, Section } from '#platform/http';
import { settingsSlug, type Definitions, type Editor } from '#platform/store';
import { Body, Controller, Get, Inject, Put, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { faultsOfSettings } from './checks.ts';
import { commentQuery, conditionText, EditorOf, tagged, type CommentQuery } from './conditions.ts';
import { DEFINITIONS } from './definitions.provider.ts';
import { settingsView, toSettingsView, type SettingsView } from './views.ts';

const example = settingsView.meta()!['example'];

/** `/v1/rule-book/settings`. */
@Section('Rule book')
@Controller('v1/rule-book/settings')
export class SettingsController {
  readonly #definitions: Definitions;

  constructor(@Inject(DEFINITIONS) definitions: Definitions) {
    this.#definitions = definitions;
  }

  @Get()
  @RequireScope('read')
  @Describe({
    summary: 'Shows what holds for the whole book',
    description: 'The header `ETag` holds its revision, for `If-Match`; `"0"` before anybody has set anything.',
    ok: { status: 200, description: 'The settings.', schema: settingsView, example },
  })
  async get(@Res({ passthrough: true }) reply: FastifyReply): Promise<SettingsView> {
    const view = toSettingsView(await this.#definitions.get('settings', settingsSlug));
    tagged(reply, view.revision);
    return view;
  }

  @Put()
  @RequireScope('edit')
  @Describe({
    summary: 'Replaces what holds for the whole book',
    description: `One revision, live at once; the same body again changes nothing, an empty object sets nothing. What \`catchAll\` names must exist. ${conditionText}`,
    ok: { status: 200, description: 'The settings.', schema: settingsView, example },
    headers: {
      'If-Match':
        'The `ETag` of what you have read. The change is refused with 412 when something else stands there now.',
    },
    errors: ['DEFINITION_INVALID', 'PRECONDITION_FAILED'],
  })
  async put(
    @Query({ schema: commentQuery }) { comment }: CommentQuery,
    @Body({ schema: bookSettings }) settings: BookSettings,
    @EditorOf() editor: Editor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SettingsView> {
    const { stored } = await this.#definitions.put(
      'settings',
      settingsSlug,
      settings as JsonValue,
      { ...editor, comment },
      (book) => faultsOfSettings(settings, book),
    );
    tagged(reply, stored.revision);
    return toSettingsView(stored);
  }
}
