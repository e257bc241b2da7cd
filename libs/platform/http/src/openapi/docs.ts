import { HouseError } from '#contract';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageVersion } from '../version.ts';
import { buildOpenApi } from './build.ts';

/** The files of Swagger UI that the page needs, and their types. Nothing else of that package is served. */
const assets: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/** All paths are relative to the page, so that a proxy may put everything under a prefix. */
const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vestnik API</title>
<link rel="stylesheet" href="./docs/swagger-ui.css">
<link rel="icon" type="image/png" href="./docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="./docs/swagger-ui-bundle.js"></script>
<script src="./docs/start.js"></script>
</body>
</html>
`;

const start = `SwaggerUIBundle({
  url: './openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  filter: true,
  validatorUrl: null,
});
`;

/**
 * Serves Swagger UI at `/docs`, whereto `/` leads, and the document at `/openapi.json`. Its files come from this server, so it works without a
 * way to the internet. Call it before the application listens; the document is built when first asked for.
 */
export function serveDocs(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  let document: string | undefined;
  const texts: Record<string, [type: string, make: () => string]> = {
    '/docs': ['text/html; charset=utf-8', () => page],
    '/docs/start.js': ['text/javascript; charset=utf-8', () => start],
    '/openapi.json': ['application/json; charset=utf-8', () => (document ??= JSON.stringify(buildOpenApi(app)))],
  };
  fastify.get('/', { config: { access: 'public' } }, (_request, reply) => reply.redirect('/docs'));
  for (const [url, [type, make]] of Object.entries(texts)) {
    fastify.get(url, (_request, reply) => reply.type(type).send(make()));
  }
  serveAssets(fastify);
}

function serveAssets(fastify: FastifyInstance): void {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const tag = `"${packageVersion()}"`;
  fastify.get<{ Params: { file: string } }>('/docs/:file', async (request, reply) => {
    const { file } = request.params;
    const type = assets[file];
    if (!type) throw new HouseError('NOT_FOUND');
    reply.headers({ etag: tag, 'cache-control': 'max-age=3600' });
    if (request.headers['if-none-match'] === tag) return reply.status(304).send();
    return reply.type(type).send(await readFile(join(folder, file)));
  });
}
