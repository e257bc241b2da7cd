import {
  HouseError,
  pageOf,
  restoreRequest,
  revision,
  revisionQuery,
  revisionSummary,
  type Page,
  type RestoreRequest,
  type Revision,
  type RevisionQuery,
  type RevisionSummary,
} from '#contract';
import { Actor, Describe, RequireScope, Section, type ActorView } from '#platform/http';
import type { Revisions } from '#platform/store';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { toRevision, toRevisionSummary } from './change-views.ts';
import { faultsOfChanges } from './check-changes.ts';
import { REVISIONS } from './definitions.provider.ts';

const number = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const example = revision.meta()!['example'];
const restorable = ['rule', 'recipient', 'group', 'template', 'schedule', 'settings'] as const;

/** `/v1/revisions`. */
@Section('Rule book')
@Controller('v1/revisions')
export class RevisionsController {
  readonly #revisions: Revisions;

  constructor(@Inject(REVISIONS) revisions: Revisions) {
    this.#revisions = revisions;
  }

  @Get()
  @RequireScope('read')
  @Describe({
    summary: 'Lists revisions, newest first',
    description:
      'Every change of the book is a revision. With `noun` and `slug`: the history of one definition. Backends are shown without their secrets.',
    ok: {
      status: 200,
      description: 'One page.',
      schema: pageOf(revisionSummary, 'RevisionPage'),
      example: { items: [revisionSummary.meta()!['example']] },
    },
  })
  async list(
    @Query({ schema: revisionQuery }) { limit, cursor, ...wanted }: RevisionQuery,
  ): Promise<Page<RevisionSummary>> {
    const rows = await this.#revisions.list({ ...wanted, limit: limit + 1, before: numberIn(cursor) });
    const items = rows.slice(0, limit).map(toRevisionSummary);
    const last = items.at(-1);
    return rows.length > limit && last ? { items, next: cursorAfter(last.number) } : { items };
  }

  @Get(':number')
  @RequireScope('read')
  @Describe({
    summary: 'Shows a revision with everything that it changed',
    ok: { status: 200, description: 'The revision.', schema: revision, example },
    errors: ['NOT_FOUND'],
  })
  async get(@Param('number', { schema: number }) wanted: number): Promise<Revision> {
    const found = await this.#revisions.get(BigInt(wanted));
    if (!found) throw new HouseError('NOT_FOUND', { detail: `There is no revision ${wanted}.` });
    return toRevision(found);
  }

  @Post(':number/restore')
  @HttpCode(200)
  @RequireScope('edit')
  @Describe({
    summary: 'Rolls the book back to how it stood after a revision',
    description:
      'As one new revision, live at once. Backends stay as they are. It is checked like any change, and refused when it could not work any ' +
      'more, e.g. because it names a backend that is gone.',
    ok: { status: 200, description: 'The new revision.', schema: revision, example },
    errors: ['NOT_FOUND', 'STATE_CONFLICT', 'DEFINITION_INVALID'],
  })
  async restore(
    @Param('number', { schema: number }) wanted: number,
    @Body({ schema: restoreRequest }) { comment, nouns }: RestoreRequest,
    @Actor() actor: ActorView,
  ): Promise<Revision> {
    const by = { author: actor.name, comment: comment ?? `Back to revision ${wanted}`, kind: 'restore' } as const;
    const made = await this.#revisions.restore(BigInt(wanted), by, nouns ?? restorable, faultsOfChanges);
    return toRevision((await this.#revisions.get(made))!);
  }
}

function cursorAfter(last: number): string {
  return Buffer.from(`revisions:${last}`).toString('base64url');
}

function numberIn(cursor: string | undefined): bigint | undefined {
  if (cursor === undefined) return undefined;
  const found = /^revisions:([1-9]\d{0,15})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!found) throw new HouseError('CURSOR_INVALID');
  return BigInt(found[1]!);
}
