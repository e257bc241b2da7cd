import { HouseError, type Problem } from '#contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, HttpCode, Module, Param, Post, Query } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { z } from 'zod';
import { Actor, Public, RequireScope } from './access.ts';
import { createHttpApp } from './app.ts';
import { HealthModule } from './health/health.module.ts';
import { READINESS, type ActorView, type KeyFinder, type ReadinessCheck } from './keys.ts';
import { Describe } from './openapi/describe.ts';
import { serveDocs } from './openapi/docs.ts';
import { Section } from './openapi/section.ts';
import { listen } from './serve.ts';

const thing = z
  .strictObject({
    name: z.string(),
    addresses: z.array(z.strictObject({ backend: z.string() })).optional(),
    many: z.array(z.int()).optional(),
  })
  .meta({ id: 'Thing', example: { name: 'box' } });
const ok = { status: 200, description: 'Done.', schema: thing, example: { name: 'box' } };
const listQuery = z.strictObject({ limit: z.coerce.number().int().max(5).default(3) });

@RequireScope('edit')
@Section('Rules')
@Controller('v1/things')
class ThingsController {
  @Post()
  @HttpCode(200)
  @Describe({ summary: 'Makes a thing', ok })
  create(@Body({ schema: thing }) body: z.infer<typeof thing>, @Actor() actor: ActorView): object {
    return { name: body.name, by: actor.name };
  }

  @Get()
  @RequireScope('read')
  @Describe({ summary: 'Lists things', ok })
  list(@Query({ schema: listQuery }) query: object): object {
    return query;
  }

  @Get(':id')
  @Public()
  @Describe({ summary: 'Shows a thing', ok })
  one(@Param('id', { schema: z.string().max(8) }) id: string): object {
    if (id === 'bug') throw new Error('the words of a bug');
    if (id === 'away') throw new Error('outer', { cause: Object.assign(new Error('inner'), { code: '57P01' }) });
    if (id === 'full') throw new HouseError('RATE_LIMITED', { retryAfterSeconds: 1.2 });
    return { id };
  }
}

const checks: ReadinessCheck[] = [];
const platform = {
  module: class Platform {},
  global: true,
  providers: [{ provide: READINESS, useValue: checks }],
  exports: [READINESS],
};

@Module({ imports: [platform, HealthModule], controllers: [ThingsController] })
class TestModule {}

const actors: Record<string, ActorView> = {
  'editor-key': { id: '1', name: 'ed', scopes: ['edit'] },
  'reader-key': { id: '2', name: 'rea', scopes: ['read'] },
};
const byHash = new Map(
  Object.entries(actors).map(([key, actor]) => [createHash('sha256').update(key).digest('hex'), actor]),
);
const touched: string[] = [];
let keysAway = false;
const keys: KeyFinder = {
  find: async (hash) => {
    if (keysAway) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    return byHash.get(hash.toString('hex'));
  },
  touch: (id) => void touched.push(id),
};

const lines: string[] = [];
const sink = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) });
const log = pino({ level: 'debug', errorKey: 'error' }, sink);
let base: string;
let app: NestFastifyApplication;
beforeAll(async () => {
  app = await createHttpApp(TestModule, { log, keys, bodyLimitBytes: 2000 });
  serveDocs(app);
  base = await listen(app, { host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());
beforeEach(() => {
  keysAway = false;
  lines.length = 0;
});

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: Problem & Record<string, unknown>;
}

async function ask(
  method: string,
  path: string,
  given: { key?: string; json?: unknown; text?: string; type?: string } = {},
): Promise<Answer> {
  const body = given.text ?? (given.json === undefined ? undefined : JSON.stringify(given.json));
  const headers = {
    ...(given.key === undefined ? {} : { authorization: `Bearer ${given.key}` }),
    ...(body === undefined ? {} : { 'content-type': given.type ?? 'application/json' }),
  };
  const answer = await fetch(base + path, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json');
  return { status: answer.status, headers: answer.headers, text, body: isJson ? JSON.parse(text) : {} };
}

const key = 'editor-key';

describe('a refusal', () => {
  it('is a problem whose instance is the request id, in a header too', async () => {
    const { status, headers, body } = await ask('GET', '/v1/nothing');
    expect(status).toBe(404);
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(body).toMatchObject({
      type: 'urn:vestnik:error:NOT_FOUND',
      status: 404,
      code: 'NOT_FOUND',
      instance: headers.get('x-request-id'),
    });
    expect(body.instance).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  it('of a wrong method names the right ones', async () => {
    const { status, headers, body } = await ask('PUT', '/v1/things/17?x=1', { key });
    expect([status, body.code, headers.get('allow')]).toEqual([405, 'METHOD_NOT_ALLOWED', 'GET, HEAD']);
  });

  it.each([
    ['broken JSON', { text: '{"name": x}' }, 400, 'BODY_NOT_JSON'],
    ['an empty body', { text: '', type: 'application/json' }, 400, 'BODY_NOT_JSON'],
    ['a key that reaches for the prototype', { text: '{"name":"a","\\u005f_proto__":{}}' }, 400, 'REQUEST_INVALID'],
    ['a body that is too large', { json: { name: 'x'.repeat(2000) } }, 413, 'BODY_TOO_LARGE'],
    [
      'a type that is not read here',
      { text: 'name=a', type: 'application/x-www-form-urlencoded' },
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
  ])('is told for %s', async (_name, given, status, code) => {
    const answer = await ask('POST', '/v1/things', { key, ...given });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('of a body that is too large names the limit of this server', async () => {
    expect((await ask('POST', '/v1/things', { key, json: { name: 'x'.repeat(2000) } })).body.detail).toContain(
      '2000 bytes',
    );
  });

  it('of a broken URL is one of the request', async () => {
    const answer = await ask('GET', '/v1/things/%zz');
    expect([answer.status, answer.body.code, answer.headers.get('x-request-id')]).toEqual([
      400,
      'REQUEST_INVALID',
      answer.body.instance,
    ]);
  });

  it('of a bug tells the caller nothing and the log everything', async () => {
    const answer = await ask('GET', '/v1/things/bug');
    expect([answer.status, answer.body.code]).toEqual([500, 'INTERNAL']);
    expect(answer.text).not.toContain('words');
    const line = JSON.parse(lines.find((text) => text.includes('request.failed'))!);
    expect(line).toMatchObject({
      level: 50,
      requestId: answer.body.instance,
      route: '/v1/things/:id',
      error: { message: 'the words of a bug' },
    });
  });

  it('of a service that is away says when to come again', async () => {
    const answer = await ask('GET', '/v1/things/away');
    expect([answer.status, answer.body.code, answer.headers.get('retry-after')]).toEqual([503, 'UNAVAILABLE', '2']);
  });

  it('rounds the wait up to whole seconds', async () => {
    expect((await ask('GET', '/v1/things/full')).headers.get('retry-after')).toBe('2');
  });

  it.each([
    ['do not speak HTTP', 'HELLO\r\n\r\n', 400],
    ['do not say whom they ask', 'GET /v1/things/17 HTTP/1.1\r\n\r\n', 400],
    ['expect what nobody knows', 'GET /v1/none HTTP/1.1\r\nhost: a\r\nexpect: wonders\r\n\r\n', 404],
  ])('reaches even those who %s', async (_who, bytes, status) => {
    const socket = connect(Number(new URL(base).port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk))).end(bytes);
    await new Promise((resolve) => socket.once('close', resolve));
    const [head, body] = text.split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status}`);
    expect(JSON.parse(body!)).toMatchObject({ code: status === 400 ? 'REQUEST_INVALID' : 'NOT_FOUND' });
  });
});

describe('validation', () => {
  it('points at every fault of a body, unknown keys at the key itself', async () => {
    const { status, body } = await ask('POST', '/v1/things', { key, json: { nme: 1, addresses: [{ backend: 3 }] } });
    expect(status).toBe(400);
    expect(body.errors?.map((fault) => fault.pointer)).toEqual(['/name', '/addresses/0/backend', '/nme']);
  });

  it('names parameters of the query and of the path', async () => {
    const query = await ask('GET', '/v1/things?limit=9&x=1', { key });
    expect(query.body.errors?.map((fault) => fault.pointer)).toEqual(['limit', 'x']);
    const path = await ask('GET', '/v1/things/much-too-long');
    expect(path.body.errors?.map((fault) => fault.pointer)).toEqual(['id']);
  });

  it('hands on what the schema made of the input', async () => {
    expect((await ask('GET', '/v1/things?limit=4', { key })).text).toBe('{"limit":4}');
    expect((await ask('GET', '/v1/things', { key })).text).toBe('{"limit":3}');
  });

  it('lists at most a hundred faults and says how many there are', async () => {
    const { body } = await ask('POST', '/v1/things', {
      key,
      json: { name: 'a', many: Array.from({ length: 150 }, () => 'x') },
    });
    expect(body.errors).toHaveLength(100);
    expect(body.detail).toContain('150');
  });
});

describe('access', () => {
  const challenge = (answer: Answer) => answer.headers.get('www-authenticate');

  it('needs a key, a known one, with the scope; the answer says which is missing', async () => {
    const none = await ask('GET', '/v1/things');
    expect([none.status, none.body.code, challenge(none)]).toEqual([401, 'KEY_MISSING', 'Bearer realm="vestnik"']);
    const unknown = await ask('GET', '/v1/things', { key: 'nobody' });
    expect([unknown.status, unknown.body.code]).toEqual([401, 'KEY_UNKNOWN']);
    expect(challenge(unknown)).toContain('invalid_token');
    const lacking = await ask('POST', '/v1/things', { key: 'reader-key', json: { name: 'a' } });
    expect([lacking.status, lacking.body.code]).toEqual([403, 'SCOPE_MISSING']);
    expect(lacking.body.detail).toContain('`edit`');
    expect(challenge(lacking)).toContain('scope="edit"');
  });

  it('is checked before the body is read', async () => {
    expect((await ask('POST', '/v1/things', { text: '{' })).body.code).toBe('KEY_MISSING');
  });

  it('hands the actor to the handler and notes the use of the key', async () => {
    touched.length = 0;
    expect((await ask('POST', '/v1/things', { key, json: { name: 'a' } })).body).toEqual({ name: 'a', by: 'ed' });
    expect(touched).toEqual(['1']);
  });

  it('lets a scope that implies another pass, and the public path without any', async () => {
    expect((await ask('GET', '/v1/things', { key })).status).toBe(200);
    expect((await ask('GET', '/v1/things/17')).status).toBe(200);
  });

  it('is unavailable, not refused, while the keys cannot be read', async () => {
    keysAway = true;
    expect((await ask('GET', '/v1/things', { key })).body.code).toBe('UNAVAILABLE');
  });
});

describe('every answer', () => {
  it.each(['/v1/things/17', '/v1/nothing', '/docs', '/health/live'])(
    'carries the security headers: %s',
    async (path) => {
      const { headers } = await ask('GET', path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    },
  );
});

describe('the probes', () => {
  it('answer 503 and say which service is away, and 200 once it is back', async () => {
    expect((await ask('GET', '/health/live')).body).toEqual({ status: 'ok' });
    checks.push({
      name: 'database',
      check: async () => Promise.reject(Object.assign(new Error('at 10.0.0.1'), { code: 'ECONNREFUSED' })),
    });
    const away = await ask('GET', '/health/ready');
    expect([away.status, away.body]).toEqual([
      503,
      { status: 'unavailable', checks: { database: 'failed (ECONNREFUSED)' } },
    ]);
    checks.pop();
    expect((await ask('GET', '/health/ready')).status).toBe(200);
  });

  it('count requests by the pattern of the path, never by the path', async () => {
    await ask('GET', '/v1/things/17');
    const { text } = await ask('GET', '/metrics');
    expect(text).toMatch(/vestnik_http_requests_total\{method="GET",route="\/v1\/things\/:id",status="2xx"\} \d+/);
    expect(text).not.toContain('/v1/things/17');
    expect(text).toContain('process_cpu_seconds_total');
  });
});

describe('the documentation', () => {
  it('is served with everything that the page needs, and nothing from elsewhere', async () => {
    expect((await fetch(base, { redirect: 'manual' })).headers.get('location')).toBe('/docs');
    const page = await ask('GET', '/docs');
    const paths = [...page.text.matchAll(/(?:src|href)="\.([^"]+)"/g)].map((found) => found[1]!);
    expect(paths.length).toBeGreaterThan(3);
    expect(page.text).not.toMatch(/(src|href)="(https?:)?\/\//);
    for (const path of paths) expect((await ask('GET', path)).status).toBe(200);
    expect((await ask('GET', '/docs/package.json')).status).toBe(404);
    expect((await ask('GET', '/docs/..%2fpackage.json')).status).toBe(404);
  });

  it('has the document of this application', async () => {
    const { body } = await ask('GET', '/openapi.json');
    expect(Object.keys(body['paths'] as object)).toEqual(
      expect.arrayContaining(['/v1/things', '/v1/things/{id}', '/health/ready']),
    );
  });
});

describe('a route that says neither scope nor public', () => {
  it('keeps the process from starting, and is named', async () => {
    @Controller('open')
    class OpenController {
      @Get()
      all(): string {
        return '';
      }
    }
    @Module({ controllers: [OpenController] })
    class OpenModule {}
    await expect(createHttpApp(OpenModule, { log, keys })).rejects.toThrow('OpenController.all');
  });
});
