import {
  draft,
  draftReport,
  draftSummary,
  fromPublicId,
  HouseError,
  newDraft,
  pageOf,
  pageQuery,
  publishRequest,
  revision,
  type Draft,
  type DraftReport,
  type DraftSummary,
  type Page,
  type PageQuery,
  type PublishRequest,
  type Revision,
} from '#contract';
import { Actor, Describe, RequireScope, Section, type ActorView } from '#platform/http';
import type { Drafts } from '#platform/store';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { toDraftSummary } from './change-views.ts';
import { DRAFTS } from './definitions.provider.ts';
import { bareId, DraftDesk } from './draft-desk.ts';

const example = draft.meta()!['example'];

/** The id of a draft in a path. */
export const draftId = z.string().max(60).meta({ description: '`drf_…`' });

/** `/v1/drafts`. */
@Section('Rule book')
@Controller('v1/drafts')
export class DraftsController {
  readonly #drafts: Drafts;
  readonly #desk: DraftDesk;

  constructor(@Inject(DRAFTS) drafts: Drafts, desk: DraftDesk) {
    this.#drafts = drafts;
    this.#desk = desk;
  }

  @Post()
  @RequireScope('edit')
  @Describe({
    summary: 'Opens a draft',
    description:
      'A draft gathers changes of the whole book: put definitions into it, check it, publish it as one revision. Until then nothing of it is live.',
    ok: {
      status: 201,
      description: 'The draft, without changes yet.',
      schema: draft,
      example: { ...(example as Draft), changes: [] },
    },
  })
  async create(
    @Body({ schema: newDraft }) wanted: z.output<typeof newDraft>,
    @Actor() actor: ActorView,
  ): Promise<Draft> {
    const { count: _none, ...head } = toDraftSummary({
      ...(await this.#drafts.create(wanted, actor.name)),
      count: 0,
    });
    return { ...head, changes: [] };
  }

  @Get()
  @RequireScope('read')
  @Describe({
    summary: 'Lists drafts, newest first',
    ok: {
      status: 200,
      description: 'One page.',
      schema: pageOf(draftSummary, 'DraftPage'),
      example: { items: [draftSummary.meta()!['example']] },
    },
  })
  async list(@Query({ schema: pageQuery }) { limit, cursor }: PageQuery): Promise<Page<DraftSummary>> {
    const before = cursor === undefined ? undefined : fromPublicId('draft', cursor);
    if (cursor !== undefined && before === undefined) throw new HouseError('CURSOR_INVALID');
    const rows = await this.#drafts.list({ limit: limit + 1, before });
    const items = rows.slice(0, limit).map(toDraftSummary);
    const last = items.at(-1);
    return rows.length > limit && last ? { items, next: last.id } : { items };
  }

  @Get(':id')
  @RequireScope('read')
  @Describe({
    summary: 'Shows a draft with what it would change in the live book of now',
    ok: { status: 200, description: 'The draft.', schema: draft, example },
    errors: ['NOT_FOUND'],
  })
  get(@Param('id', { schema: draftId }) id: string): Promise<Draft> {
    return this.#desk.show(id);
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScope('edit')
  @Describe({
    summary: 'Discards a draft with everything in it',
    ok: { status: 204, description: 'It is gone.' },
    errors: ['NOT_FOUND'],
  })
  async discard(@Param('id', { schema: draftId }) id: string, @Actor() actor: ActorView): Promise<void> {
    await this.#drafts.discard(bareId(id), actor.name);
  }

  @Post(':id/check')
  @HttpCode(200)
  @RequireScope('read')
  @Describe({
    summary: 'Tells whether a draft could be published as it is',
    description:
      'Checks the book as it would stand with the draft, and runs the examples of the rules that it changes. Nothing is changed.',
    ok: {
      status: 200,
      description: 'What stands in the way; with no faults and no conflicts, nothing does.',
      schema: draftReport,
      example: draftReport.meta()!['example'],
    },
    errors: ['NOT_FOUND'],
  })
  check(@Param('id', { schema: draftId }) id: string): Promise<DraftReport> {
    return this.#desk.check(id);
  }

  @Post(':id/publish')
  @HttpCode(200)
  @RequireScope('edit')
  @Describe({
    summary: 'Publishes a draft: all its changes go live as one revision',
    description:
      'Refused with 422 while the book could not work with it or an example of a changed rule is red, and with 412 when somebody changed one ' +
      'of its definitions in the live book meanwhile; `errors` names them. PUT those into the draft again: the live ones of then become their ' +
      'base. A published draft is gone; the revision stays.',
    ok: { status: 200, description: 'The revision.', schema: revision, example: revision.meta()!['example'] },
    errors: ['NOT_FOUND', 'STATE_CONFLICT', 'PRECONDITION_FAILED', 'DEFINITION_INVALID'],
  })
  publish(
    @Param('id', { schema: draftId }) id: string,
    @Body({ schema: publishRequest }) { comment }: PublishRequest,
    @Actor() actor: ActorView,
  ): Promise<Revision> {
    return this.#desk.publish(id, { author: actor.name, comment });
  }
}
