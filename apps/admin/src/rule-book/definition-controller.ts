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
import { Actor, Describe, RequireScope, Section, type ActorView, type sections } from '#platform/http';
import type { Definitions, Noun, StoredBook } from '#platform/store';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put, Query, Res, type Type } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { DEFINITIONS } from './definitions.provider.ts';
import { referrersOf } from './references.ts';
import { listQuery, nameAfter, pageByName, toView, type DefinitionView } from './views.ts';

/** A kind of definition. */
export interface DefinitionKind<T> {
  noun: Noun;
  plural: 'rules' | 'recipients' | 'groups' | 'templates';
  section: keyof typeof sections;
  schema: z.ZodType<T>;
  view: z.ZodType;
  /** What a PUT checks beyond the shape, in one sentence. */
  checked: string;
  check(slug: string, definition: T, book: StoredBook): Fault[];
}

const putErrors: readonly ErrorCode[] = ['DEFINITION_INVALID'];

/** Makes the controller of a kind. */
export function definitionController<T>(kind: DefinitionKind<T>): Type {
  const { noun, plural, schema } = kind;
  const texts = textsOf(kind);

  @Section(kind.section)
  @Controller(`v1/${plural}`)
  class DefinitionController {
    readonly #definitions: Definitions;

    constructor(@Inject(DEFINITIONS) definitions: Definitions) {
      this.#definitions = definitions;
    }

    @Get()
    @RequireScope('read')
    @Describe(texts.list)
    async list(@Query({ schema: listQuery }) { limit, cursor }: PageQuery): Promise<Page<DefinitionView>> {
      const rows = await this.#definitions.list(noun, { limit: limit + 1, after: nameAfter(plural, cursor) });
      return pageByName(plural, rows.map(toView), limit, (item) => item.slug);
    }

    @Get(':slug')
    @RequireScope('read')
    @Describe(texts.get)
    async get(@Param('slug', { schema: slug }) name: string): Promise<DefinitionView> {
      const found = await this.#definitions.get(noun, name);
      if (!found) throw new HouseError('NOT_FOUND', { detail: `There is no ${noun} \`${name}\`.` });
      return toView(found);
    }

    @Put(':slug')
    @RequireScope('edit')
    @Describe(texts.put)
    async put(
      @Param('slug', { schema: slug }) name: string,
      @Body({ schema }) definition: unknown,
      @Actor() actor: ActorView,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<DefinitionView> {
      const check = (book: StoredBook): Fault[] => kind.check(name, definition as T, book);
      const { stored, created } = await this.#definitions.put(noun, name, definition as JsonValue, actor.name, check);
      reply.status(created ? 201 : 200);
      return toView(stored);
    }

    @Delete(':slug')
    @HttpCode(204)
    @RequireScope('edit')
    @Describe(texts.delete)
    async delete(@Param('slug', { schema: slug }) name: string, @Actor() actor: ActorView): Promise<void> {
      await this.#definitions.remove(noun, name, actor.name, (book) => referrersOf(noun, name, book));
    }
  }

  // The name shows in operation ids and in the log of the start.
  Object.defineProperty(DefinitionController, 'name', { value: `${plural}Controller` });
  return DefinitionController;
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
      ok: { status: 200, description: `The ${noun}.`, schema: view, example },
      errors,
    },
    put: {
      summary: `Creates or replaces a ${noun}`,
      description: `Idempotent: the same body again changes nothing. ${checked}`,
      ok: { status: 200, description: 'It was replaced.', schema: view, example },
      also: [{ status: 201, description: 'It was created.', schema: view, example }],
      errors: putErrors,
    },
    delete: {
      summary: `Deletes a ${noun}`,
      description: 'Refused while others name it; `errors` then points at them.',
      ok: { status: 204, description: 'It is gone.' },
      errors: [...errors, ...(noun === 'rule' ? [] : (['SLUG_IN_USE'] as const))],
    },
  };
}
