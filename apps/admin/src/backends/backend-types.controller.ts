import { allAdapters } from '#backends/registry';
import { backendTypeView, type BackendTypeView } from '#contract';
import { Describe, RequireScope, Section } from '#platform/http';
import { Controller, Get } from '@nestjs/common';
import { z } from 'zod';
import { toTypeView } from './backend-types.ts';

const answer = z.strictObject({ items: z.array(backendTypeView) }).meta({ id: 'BackendTypes' });

const example: BackendTypeView = {
  type: 'example',
  label: 'Example chat',
  docsUrl: 'https://chat.example/api',
  settingsSchema: {
    type: 'object',
    properties: { url: { type: 'string' }, token: { type: 'string', writeOnly: true } },
    required: ['url', 'token'],
    additionalProperties: false,
  },
  address: { description: 'Login name.', example: 'anna' },
  limits: { concurrency: 4, timeoutMs: 15_000 },
  dialect: 'markdown',
  abilities: ['person', 'room'],
  offline: 'stored',
  dedupe: 'none',
};

/** `/v1/backend-types`. */
@RequireScope('read')
@Section('Backends')
@Controller('v1/backend-types')
export class BackendTypesController {
  @Get()
  @Describe({
    summary: 'Lists the kinds of chat system that messages can go to',
    description: 'With the JSON Schema of their settings: a form can be made of it.',
    ok: { status: 200, description: 'All of them.', schema: answer, example: { items: [example] } },
  })
  list(): { items: BackendTypeView[] } {
    return { items: allAdapters().map((adapter) => toTypeView(adapter.manifest)) };
  }
}
