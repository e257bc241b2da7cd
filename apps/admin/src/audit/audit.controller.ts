import { auditEntry, fromPublicId, HouseError, pageOf, pageQuery, type AuditEntry, type Page } from '#contract';
import { Describe, RequireScope, Section } from '#platform/http';
import { createAudit, DATABASE, type Audit, type Database } from '#platform/store';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { z } from 'zod';
import { filterText } from '../events/event-query.ts';

const auditQuery = pageQuery.extend({
  noun: filterText
    .max(63)
    .optional()
    .meta({ description: 'Only changes of this kind of thing: `rule`, `backend`, `key` …' }),
  name: filterText.optional().meta({ description: 'Only changes of the thing with this name or id.' }),
  actor: filterText.max(63).optional().meta({ description: 'Only changes by the API key of this name.' }),
});

const example = {
  id: 'aud_0199d2a0-6c3f-7000-8000-000000000007',
  at: '2026-11-20T08:00:00.000Z',
  actor: 'admin',
  action: 'replace',
  noun: 'group',
  name: 'storekeepers',
  before: { members: ['anna'] },
  after: { members: ['anna', 'boris'] },
};

/** `/v1/audit`. */
@RequireScope('read')
@Section('Access')
@Controller('v1/audit')
export class AuditController {
  readonly #audit: Audit;

  constructor(@Inject(DATABASE) database: Database) {
    this.#audit = createAudit(database);
  }

  @Get()
  @Describe({
    summary: 'Lists who changed what, newest first',
    description: 'Secrets are masked.',
    ok: {
      status: 200,
      description: 'One page.',
      schema: pageOf(auditEntry, 'AuditPage'),
      example: { items: [example] },
    },
  })
  async list(@Query({ schema: auditQuery }) query: z.infer<typeof auditQuery>): Promise<Page<AuditEntry>> {
    const { limit, cursor, ...filter } = query;
    const entries = await this.#audit.list({ ...filter, limit: limit + 1, before: entryBefore(cursor) });
    const items = entries.slice(0, limit);
    return entries.length > limit ? { items, next: Buffer.from(items.at(-1)!.id).toString('base64url') } : { items };
  }
}

function entryBefore(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const id = text.startsWith('aud_') ? fromPublicId('audit', text) : undefined;
  if (!id) throw new HouseError('CURSOR_INVALID');
  return id;
}
