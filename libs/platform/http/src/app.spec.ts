import { HouseError } from '#contract';
import { createLogger } from '#platform/log';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Module, Param, Post, Query } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Actor, Public, RequireScope } from './access.ts';
import { createHttpApp } from './app.ts';
import { HealthModule } from './health/health.module.ts';
import { READINESS, type ActorView, type KeyFinder } from './keys.ts';
import { Describe } from './openapi/describe.ts';
import { listen } from './serve.ts';
import { serveDocs } from './openapi/docs.ts';
import { Section } from './openapi/section.ts';

const thing = z
  .strictObject({ name: z.string(), addresses: z.array(z.strictObject({ backend: z.string() })).optional() })
  .meta({ id: 'Thing', example: { name: 'box' } });
const ok = { status: 201, description: 'Done.', schema: thing, example: { name: 'box' } };

@RequireScope('edit')
@Section('Rules')
@Controller('v1/things')
class ThingsController {
  @Post()
  @Describe({ summary: 'Makes a thing', ok })
  create(@Body({ schema: thing }) body: z.infer<typeof thing>, @Actor() actor: ActorView): object {
    return { ...body, by: actor.name };
  }

  @Get()
  @RequireScope('read')
  @Describe({ summary: 'Lists', ok: { ...ok, status: 200 } })
  list(@Query({ schema: z.strictObject({ limit: z.coerce.number().int().max(5).default(3) }) }) query: object): object {
    return query;
  }

  @Get(':id')
  @Public()
  @Describe({ summary: 'One', ok: { ...ok, status: 200 } })
  one(@Param('id', { schema: z.string().max(4) }) id: string): object {
    if (id === 'boom') throw new Error('secret of the house');
    if (id === 'away') throw Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
    if (id === 'none') throw new HouseError('NOT_FOUND');
    return { id };
  }
}

const actors = new Map<string, ActorView>([
  ['editor-key', { id: '1', name: 'ed', scopes: ['edit'] }],
  ['reader-key', { id: '2', name: 'rea', scopes: ['read'] }],
]);
const byHash = new Map([...actors].map(([key, actor]) => [createHash('sha256').update(key).digest('hex'), actor]));
const keys: KeyFinder = { find: async (hash) => byHash.get(hash.toString('hex')), touch: () => undefined };

@Module({
  imports: [HealthModule],
  controllers: [ThingsController],
})
class TestModule {}

let base: string;
let app: NestFastifyApplication;
beforeAll(async () => {
  const module = {
    module: TestModule,
    imports: [
      { module: class P {}, global: true, providers: [{ provide: READINESS, useValue: [] }], exports: [READINESS] },
    ],
  };
  app = await createHttpApp(module, { log: createLogger('test', 'debug'), keys, bodyLimitBytes: 1000 });
  serveDocs(app);
  base = await listen(app, { host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());

describe('x', () => {
  it('y', async () => {
    expect(1).toBe(1);
    const edit = { authorization: 'Bearer editor-key' };
    const show = async (o: object) => {
      const { url, payload, method, headers } = o as {
        url: string;
        payload?: unknown;
        method: string;
        headers?: Record<string, string>;
      };
      const body =
        payload === undefined ? {} : { body: typeof payload === 'string' ? payload : JSON.stringify(payload) };
      const a = await fetch(base + url, {
        method,
        headers: { ...(payload ? { 'content-type': 'application/json' } : {}), ...headers },
        ...body,
      });
      console.log(JSON.stringify(o), a.status, JSON.stringify([...a.headers]), (await a.text()).slice(0, 600));
    };
    await show({ method: 'POST', url: '/v1/things', headers: edit, payload: { name: 'a' } });
    await show({
      method: 'POST',
      url: '/v1/things',
      headers: edit,
      payload: { nme: 'a', addresses: [{ backend: 3 }] },
    });
    await show({
      method: 'POST',
      url: '/v1/things',
      headers: { ...edit, 'content-type': 'application/json' },
      payload: '{"a": x}',
    });
    await show({
      method: 'POST',
      url: '/v1/things',
      headers: { ...edit, 'content-type': 'text/plain' },
      payload: '{"a": x}',
    });
    await show({ method: 'POST', url: '/v1/things', headers: { ...edit }, payload: { name: 'a'.repeat(1000) } });
    await show({ method: 'POST', url: '/v1/things', payload: { name: 'a' } });
    await show({
      method: 'POST',
      url: '/v1/things',
      headers: { authorization: 'Bearer reader-key' },
      payload: { name: 'a' },
    });
    await show({ method: 'DELETE', url: '/v1/things', headers: edit });
    await show({ method: 'GET', url: '/v1/things?limit=9&x=1', headers: edit });
    await show({ method: 'GET', url: '/v1/things', headers: edit });
    for (const id of ['boom', 'away', 'none', 'abc', 'abcdef', '%zz', ''])
      await show({ method: 'GET', url: `/v1/things/${id}` });
    for (const url of [
      '/nope',
      '/health/live',
      '/health/ready',
      '/metrics',
      '/docs',
      '/docs/swagger-ui-bundle.js',
      '/docs/swagger-ui-init.js',
      '/openapi.json',
    ])
      await show({ method: 'GET', url });
    console.log(
      JSON.stringify(JSON.parse(await (await fetch(base + '/openapi.json')).text()), null, 1).slice(0, 19000),
    );
  });
});
