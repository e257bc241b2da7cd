/** The calls on one definition in a draft; the same for every kind, so a kind becomes a controller. */
import { bookSettings, HouseError, slug, type JsonValue } from '#contract';
import { Describe, RequireScope, Section } from '#platform/http';
import { settingsSlug, type Drafts, type DraftSight, type Editor, type Noun } from '#platform/store';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put, Res, type Type } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { conditionHeaders, EditorOf, tagged } from './conditions.ts';
import { named } from './definition-controller.ts';
import { nounOf, type DefinitionKind, type Plural } from './definition-kind.ts';
import { DRAFTS } from './definitions.provider.ts';
import { bareId } from './draft-desk.ts';
import { draftId } from './drafts.controller.ts';

const tagText =
  'The `ETag` moves with every change of it, in the draft and in the live book, so with `If-Match` neither is overwritten unseen.';

/** Makes the controller of a kind in drafts. */
export function draftDefinitionController({ noun, plural, schema }: DefinitionKind): Type {
  const texts = textsOf(`a ${noun}`, schema);

  @Section('Rule book')
  @Controller(`v1/drafts/:id/${plural}/:slug`)
  class DraftDefinitionController {
    readonly #drafts: Drafts;

    constructor(@Inject(DRAFTS) drafts: Drafts) {
      this.#drafts = drafts;
    }

    @Get()
    @RequireScope('read')
    @Describe(texts.get)
    async get(
      @Param('id', { schema: draftId }) id: string,
      @Param('slug', { schema: slug }) name: string,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<JsonValue> {
      return shown(await this.#drafts.look(bareId(id), noun, name), reply, `There is no ${noun} \`${name}\``);
    }

    @Put()
    @RequireScope('edit')
    @Describe(texts.put)
    async put(
      @Param('id', { schema: draftId }) id: string,
      @Param('slug', { schema: slug }) name: string,
      @Body({ schema }) body: JsonValue,
      @EditorOf() editor: Editor,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<JsonValue> {
      const made = await this.#drafts.put(bareId(id), { noun, slug: name, body }, editor);
      reply.status(made.created ? 201 : 200);
      return shown(made, reply);
    }

    @Delete()
    @HttpCode(204)
    @RequireScope('edit')
    @Describe(texts.delete)
    async delete(
      @Param('id', { schema: draftId }) id: string,
      @Param('slug', { schema: slug }) name: string,
      @EditorOf() editor: Editor,
    ): Promise<void> {
      await this.#drafts.put(bareId(id), { noun, slug: name }, editor);
    }
  }

  return named(DraftDefinitionController, `draft_${plural}Controller`);
}

function shown(sight: DraftSight | undefined, reply: FastifyReply, none = 'There is no such definition'): JsonValue {
  if (sight?.body === undefined) throw new HouseError('NOT_FOUND', { detail: `${none} in the draft.` });
  tagged(reply, sight.tag);
  return sight.body;
}

function textsOf(what: string, schema: z.ZodType) {
  const example = schema.meta()?.['example'];
  return {
    get: {
      summary: `Shows ${what} as a draft sees it`,
      description: `Changed by the draft, or as it is live. ${tagText}`,
      ok: { status: 200, description: 'As it would be.', schema, example },
      errors: ['NOT_FOUND'],
    },
    put: {
      summary: `Puts ${what} into a draft`,
      description: `Its shape is checked; what it names, and whether it could work, when the draft is checked or published. What is live now becomes its base. ${tagText}`,
      ok: { status: 200, description: 'It was replaced in the draft.', schema, example },
      also: [{ status: 201, description: 'The draft adds it.', schema, example }],
      headers: conditionHeaders,
      errors: ['NOT_FOUND', 'PRECONDITION_FAILED', 'DEFINITION_INVALID'],
    },
    delete: {
      summary: `Marks ${what} for removal in a draft`,
      description: 'One that only the draft has is taken out of it.',
      ok: { status: 204, description: 'Publishing removes it.' },
      headers: { 'If-Match': conditionHeaders['If-Match'] },
      errors: ['NOT_FOUND', 'PRECONDITION_FAILED'],
    },
  } as const;
}

const settingsTexts = textsOf('the settings of the book', bookSettings);

/** `/v1/drafts/{id}/settings`. */
@Section('Rule book')
@Controller('v1/drafts/:id/settings')
export class DraftSettingsController {
  readonly #drafts: Drafts;

  constructor(@Inject(DRAFTS) drafts: Drafts) {
    this.#drafts = drafts;
  }

  @Get()
  @RequireScope('read')
  @Describe(settingsTexts.get)
  async get(
    @Param('id', { schema: draftId }) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonValue> {
    const sight = await this.#drafts.look(bareId(id), 'settings', settingsSlug);
    return shown({ tag: sight?.tag ?? 'd0.0', body: sight?.body ?? {} }, reply);
  }

  @Put()
  @HttpCode(200)
  @RequireScope('edit')
  @Describe({ ...settingsTexts.put, also: [] })
  async put(
    @Param('id', { schema: draftId }) id: string,
    @Body({ schema: bookSettings }) body: JsonValue,
    @EditorOf() editor: Editor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonValue> {
    return shown(await this.#drafts.put(bareId(id), { noun: 'settings', slug: settingsSlug, body }, editor), reply);
  }
}

const takeBackTexts = {
  description: 'It is in the draft as it is live again.',
  ok: { status: 204, description: 'The draft does not change it any more.' },
  headers: { 'If-Match': conditionHeaders['If-Match'] },
  errors: ['NOT_FOUND', 'PRECONDITION_FAILED'],
} as const;

/** `/v1/drafts/{id}/changes`. */
@RequireScope('edit')
@Section('Rule book')
@Controller('v1/drafts/:id/changes')
export class DraftChangesController {
  readonly #drafts: Drafts;

  constructor(@Inject(DRAFTS) drafts: Drafts) {
    this.#drafts = drafts;
  }

  @Delete('settings')
  @HttpCode(204)
  @Describe({ summary: 'Takes the change of the settings out of a draft', ...takeBackTexts })
  async takeBackSettings(@Param('id', { schema: draftId }) id: string, @EditorOf() editor: Editor): Promise<void> {
    await this.#takeBack(id, 'settings', settingsSlug, editor);
  }

  @Delete(':plural/:slug')
  @HttpCode(204)
  @Describe({ summary: 'Takes the change of a definition out of a draft', ...takeBackTexts })
  async takeBack(
    @Param('id', { schema: draftId }) id: string,
    @Param('plural', { schema: z.enum(Object.keys(nounOf) as [Plural, ...Plural[]]) }) kind: Plural,
    @Param('slug', { schema: slug }) name: string,
    @EditorOf() editor: Editor,
  ): Promise<void> {
    await this.#takeBack(id, nounOf[kind], name, editor);
  }

  #takeBack(id: string, noun: Noun, name: string, { precondition }: Editor): Promise<void> {
    return this.#drafts.takeBack(bareId(id), noun, name, precondition);
  }
}
