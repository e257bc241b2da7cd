import { slug } from '#contract';
import { describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Inject, Injectable, Module, Param, Put, Query } from '@nestjs/common';
import { z } from 'zod';
import { Public, RequireScope } from '../access.ts';
import { describeModules } from './describe-modules.ts';
import { Describe, misfitExamples } from './describe.ts';
import { Section } from './section.ts';

const part = z
  .strictObject({ size: z.int().min(0).default(1), data: z.base64().optional(), at: z.iso.datetime().nullable() })
  .meta({ id: 'Part' });
const whole = z.strictObject({ parts: z.array(part) }).meta({ id: 'Whole', example: { parts: [] } });
const TOKEN = Symbol('TOKEN');

@Injectable()
class Service {
  constructor(@Inject(TOKEN) readonly token: unknown) {
    throw new Error('A description must not make anything.');
  }
}

@RequireScope('read')
@Section('Rules')
@Controller('v1/wholes')
class WholesController {
  constructor(readonly service: Service) {}

  @Get()
  @Describe({
    summary: 'Lists',
    ok: { status: 200, description: 'All.', schema: z.array(whole), example: [{ parts: [] }] },
  })
  list(
    @Query({ schema: z.strictObject({ cursor: z.string().optional().meta({ description: 'Where from.' }) }) })
    _query: object,
  ): void {}

  @Put(':slug')
  @RequireScope('edit')
  @Describe({
    summary: 'Puts',
    ok: { status: 200, description: 'Done.', schema: whole, example: { parts: 7 } },
    errors: ['DEFINITION_INVALID'],
  })
  put(@Param('slug', { schema: slug }) _slug: string, @Body({ schema: whole }) _body: object): void {}
}

@Module({ controllers: [WholesController], providers: [Service] })
class WholesModule {}

describe('the API document of modules', () => {
  const built = describeModules([WholesModule]).then((document) => JSON.parse(JSON.stringify(document)));

  it('is made without making their classes, whatever they inject', async () => {
    expect((await built).paths['/v1/wholes'].get.summary).toBe('Lists');
  });

  it('names components by the id of their schema and describes them in the words of OpenAPI 3.0', async () => {
    const { schemas } = (await built).components;
    expect(schemas.Whole.properties.parts.items).toEqual({ $ref: '#/components/schemas/Part' });
    expect(schemas.Part).toEqual({
      type: 'object',
      properties: {
        size: { type: 'integer', minimum: 0, default: 1 },
        data: { type: 'string', format: 'byte' },
        at: { type: 'string', format: 'date-time', nullable: true },
      },
      required: ['at'],
      additionalProperties: false,
    });
  });

  it('tells scope, refusals and examples of an operation', async () => {
    const { put } = (await built).paths['/v1/wholes/{slug}'];
    expect(put).toMatchObject({ 'x-scope': 'edit', security: [{ key: [] }], operationId: 'wholes_put' });
    expect(Object.keys(put.responses)).toEqual(['200', '400', '401', '403', '413', '415', '422', '429', '500', '503']);
    expect(put.requestBody.content['application/json'].example).toEqual({ parts: [] });
    expect(put.parameters).toMatchObject([{ name: 'slug', in: 'path', schema: { $ref: '#/components/schemas/Slug' } }]);
    expect(Object.keys(put.responses['401'].content['application/problem+json'].examples)).toEqual([
      'KEY_MISSING',
      'KEY_UNKNOWN',
    ]);
  });

  it('says of a cursor that it may be refused, and moves the text of a parameter out of its schema', async () => {
    const { get } = (await built).paths['/v1/wholes'];
    expect(get.parameters).toMatchObject([{ name: 'cursor', description: 'Where from.', schema: { type: 'string' } }]);
    expect(get.responses['400'].content['application/problem+json'].examples).toHaveProperty('CURSOR_INVALID');
  });

  it('notices an example that does not fit its schema', () => {
    expect(misfitExamples().filter((text) => text.startsWith('Puts, 200'))).toHaveLength(1);
    expect(misfitExamples().filter((text) => text.startsWith('Lists'))).toEqual([]);
  });

  it('does not depend on the order of the modules', async () => {
    @Public()
    @Section('Rules')
    @Controller('v1/wholes')
    class OthersController {
      @Get('other')
      @Describe({ summary: 'Other', ok: { status: 204, description: 'Nothing.' } })
      other(): void {}

      @Put()
      @Describe({ summary: 'All', ok: { status: 204, description: 'Nothing.' } })
      all(): void {}
    }
    @Module({ controllers: [OthersController] })
    class OthersModule {}
    const there = JSON.stringify(await describeModules([WholesModule, OthersModule]));
    expect(JSON.stringify(await describeModules([OthersModule, WholesModule]))).toBe(there);
  });

  it('refuses an operation that nobody described', async () => {
    @Public()
    @Controller('mute')
    class MuteController {
      @Get()
      all(): void {}
    }
    @Module({ controllers: [MuteController] })
    class MuteModule {}
    await expect(describeModules([MuteModule])).rejects.toThrow('GET /mute has no @Describe');
  });
});
