/** The four calls that every kind of definition has; a kind is described as data and becomes a controller. */
import {
  HouseError,
  pageOf,
  slug,
  type ErrorCode,
  type Fault,
  type JsonValue,
  type Page,
  type PageQuery,
} from '#contract';
import { Describe, RequireScope, Section } from '#platform/http';
import {
  DATABASE,
  type Database,
  type Definitions,
  type Editor,
  type Noun,
  type StoredBook,
  type StoredDefinition,
} from '#platform/store';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put, Query, Res, type Type } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { commentQuery, conditionHeaders, conditionText, EditorOf, tagged, type CommentQuery } from './conditions.ts';
import type { DefinitionKind } from './definition-kind.ts';
import { DEFINITIONS } from './definitions.provider.ts';
import { referrersOf } from './references.ts';
import { listQuery, nameAfter, pageByName, toView, type DefinitionView } from './views.ts';

const putErrors: readonly ErrorCode[] = ['DEFINITION_INVALID', 'PRECONDITION_FAILED'];

/** Makes the controller of a kind. */
export function definitionController(kind: DefinitionKind, texts = textsOf(kind)): Type {
  const { noun, plural, schema } = kind;

  @Section(kind.section)
  @Controller(`v1/${plural}`)
  class DefinitionController {
    readonly #definitions: Definitions;
    readonly #database: Database;

    constructor(@Inject(DEFINITIONS) definitions: Definitions, @Inject(DATABASE) database: Database) {
      this.#definitions = definitions;
      this.#database = database;
    }

    @Get()
    @RequireScope('read')
    @Describe(texts.list)
    async list(@Query({ schema: listQuery }) { limit, cursor }: PageQuery): Promise<Page<DefinitionView>> {
      const rows = await this.#definitions.list(noun, { limit: limit + 1, after: nameAfter(plural, cursor) });
      const views = await withBeside(kind, this.#database, rows);
      return pageByName(plural, views, limit, (item) => item.slug);
    }

    @Get(':slug')
    @RequireScope('read')
    @Describe(texts.get)
    async get(
      @Param('slug', { schema: slug }) name: string,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<DefinitionView> {
      const found = await this.#definitions.get(noun, name);
      if (!found) throw new HouseError('NOT_FOUND', { detail: `There is no ${noun} \`${name}\`.` });
      tagged(reply, found.revision);
      return (await withBeside(kind, this.#database, [found]))[0]!;
    }

    @Put(':slug')
    @RequireScope('edit')
    @Describe(texts.put)
    async put(
      @Param('slug', { schema: slug }) name: string,
      @Query({ schema: commentQuery }) { comment }: CommentQuery,
      @Body({ schema }) definition: unknown,
      @EditorOf() editor: Editor,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<DefinitionView> {
      const change = { slug: name, definition, by: { ...editor, comment } };
      const { stored, created } = await putChecked(kind, this.#definitions, change);
      tagged(reply.status(created ? 201 : 200), stored.revision);
      return toView(stored);
    }

    @Delete(':slug')
    @HttpCode(204)
    @RequireScope('edit')
    @Describe(texts.delete)
    async delete(
      @Param('slug', { schema: slug }) name: string,
      @Query({ schema: commentQuery }) { comment }: CommentQuery,
      @EditorOf() editor: Editor,
    ): Promise<void> {
      await this.#definitions.remove(noun, name, { ...editor, comment }, (book) => referrersOf(noun, name, book));
    }
  }

  return named(DefinitionController, `${plural}Controller`);
}

/** Saves a definition that its kind finds no fault with. */
function putChecked(
  kind: DefinitionKind,
  definitions: Definitions,
  { slug: name, definition, by }: { slug: string; definition: unknown; by: Editor },
): ReturnType<Definitions['put']> {
  const check = (book: StoredBook): Fault[] => kind.check(name, definition as never, book);
  return definitions.put(kind.noun, name, definition as JsonValue, by, check);
}

/** Shows definitions, with what a kind shows beside them. */
async function withBeside(
  { beside }: DefinitionKind,
  database: Pick<Database, 'pool'>,
  rows: readonly StoredDefinition[],
): Promise<DefinitionView[]> {
  const names = rows.map((row) => row.slug);
  const more = beside && rows.length > 0 ? await beside(database, names) : undefined;
  return rows.map((row) => ({ ...toView(row), ...more?.get(row.slug) }));
}

/** Gives a controller its name, which shows in operation ids and in the log of the start. */
export function named(controller: Type, name: string): Type {
  return Object.defineProperty(controller, 'name', { value: name });
}

/** What the document says of the four calls. */
export function textsOf(kind: { noun: Noun; plural: string; view: z.ZodType; checked: string }) {
  const { noun, plural, view, checked } = kind;
  const example = view.meta()?.['example'];
  const id = `${noun[0]!.toUpperCase()}${noun.slice(1)}Page`;
  const errors: readonly ErrorCode[] = ['NOT_FOUND'];
  return {
    list: {
      summary: `Lists ${plural}, by name`,
      ok: { status: 200, description: 'One page.', schema: pageOf(view, id), example: { items: [example] } },
    },
    get: {
      summary: `Shows a ${noun}`,
      description: 'The header `ETag` holds its revision, for `If-Match`.',
      ok: { status: 200, description: `The ${noun}.`, schema: view, example },
      errors,
    },
    put: {
      summary: `Creates or replaces a ${noun}`,
      description: `One revision, live at once; the same body again changes nothing. ${checked} ${conditionText}`,
      ok: { status: 200, description: 'It was replaced.', schema: view, example },
      also: [{ status: 201, description: 'It was created.', schema: view, example }],
      errors: putErrors,
      headers: conditionHeaders,
    },
    delete: {
      summary: `Deletes a ${noun}`,
      description: `One revision. Refused while others name it; \`errors\` then points at them. ${conditionText}`,
      ok: { status: 204, description: 'It is gone.' },
      headers: { 'If-Match': conditionHeaders['If-Match'] },
      errors: [...errors, 'PRECONDITION_FAILED' as const, ...(noun === 'rule' ? [] : (['SLUG_IN_USE'] as const))],
    },
  };
}
