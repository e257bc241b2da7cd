import {
  apiKeyView,
  createdApiKey,
  newApiKey,
  pageOf,
  pageQuery,
  slug,
  type ApiKeyView,
  type CreatedApiKey,
  type Page,
  type PageQuery,
} from '#contract';
import { Actor, Describe, RequireScope, Section, type ActorView } from '#platform/http';
import { createKeys, DATABASE, type Database, type Keys } from '#platform/store';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import { nameAfter, pageByName } from '../rule-book/views.ts';

const example = {
  id: 'key_0199d2a0-6c3f-7000-8000-000000000003',
  name: 'erp',
  scopes: ['ingest'],
  createdAt: '2026-11-20T08:00:00.000Z',
  lastUsedAt: '2026-11-20T08:05:00.000Z',
};

/** `/v1/api-keys`. */
@RequireScope('admin')
@Section('Access')
@Controller('v1/api-keys')
export class ApiKeysController {
  readonly #keys: Keys;

  constructor(@Inject(DATABASE) database: Database) {
    this.#keys = createKeys(database);
  }

  @Get()
  @Describe({
    summary: 'Lists API keys, by name',
    description: 'The keys themselves are not stored and never shown again.',
    ok: {
      status: 200,
      description: 'One page.',
      schema: pageOf(apiKeyView, 'ApiKeyPage'),
      example: { items: [example] },
    },
  })
  async list(@Query({ schema: pageQuery }) { limit, cursor }: PageQuery): Promise<Page<ApiKeyView>> {
    const keys = await this.#keys.list({ limit: limit + 1, after: nameAfter('api-keys', cursor) });
    return pageByName('api-keys', keys, limit, (key) => key.name);
  }

  @Post()
  @Describe({
    summary: 'Makes an API key',
    description: 'This answer is the only one that shows the key.',
    ok: {
      status: 201,
      description: 'The key.',
      schema: createdApiKey,
      example: { ...example, lastUsedAt: undefined, key: 'vst_…' },
    },
    errors: ['NAME_TAKEN'],
  })
  create(
    @Body({ schema: newApiKey }) wanted: z.infer<typeof newApiKey>,
    @Actor() actor: ActorView,
  ): Promise<CreatedApiKey> {
    return this.#keys.create(wanted, actor.name);
  }

  @Delete(':name')
  @HttpCode(204)
  @Describe({
    summary: 'Revokes an API key',
    description: 'Every process refuses it within seconds.',
    ok: { status: 204, description: 'It is revoked.' },
    errors: ['NOT_FOUND'],
  })
  revoke(@Param('name', { schema: slug }) name: string, @Actor() actor: ActorView): Promise<void> {
    return this.#keys.revoke(name, actor.name);
  }
}
