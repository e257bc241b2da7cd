import {
  backend,
  HouseError,
  slug,
  testSend,
  testSendAnswer,
  type Backend,
  type Page,
  type PageQuery,
} from '#contract';
import { Describe, RequireScope, Section } from '#platform/http';
import type { Definitions, Editor } from '#platform/store';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { commentQuery, EditorOf, tagged, type CommentQuery } from '../rule-book/conditions.ts';
import { textsOf } from '../rule-book/definition-controller.ts';
import { DEFINITIONS } from '../rule-book/definitions.provider.ts';
import { referrersOf } from '../rule-book/references.ts';
import { listQuery, nameAfter, pageByName, type DefinitionView } from '../rule-book/views.ts';
import { BackendHealthDesk } from './backend-health.ts';
import { BackendSaver } from './backend-saver.ts';
import { BackendTester, type TestAnswer, type TestWish } from './backend-tester.ts';
import { backendView, toBackendView } from './backend-view.ts';

const texts = textsOf({
  noun: 'backend',
  plural: 'backends',
  view: backendView,
  checked:
    'The settings are checked against the backend type. Secrets are encrypted at rest and shown as `********`; sent back that way, the stored secret is kept, unless a setting that says where to send changes: then it is to be sent again.',
});

/** `/v1/backends`. */
@Section('Backends')
@Controller('v1/backends')
export class BackendsController {
  readonly #definitions: Definitions;
  readonly #saver: BackendSaver;
  readonly #tester: BackendTester;
  readonly #health: BackendHealthDesk;

  constructor(
    @Inject(DEFINITIONS) definitions: Definitions,
    saver: BackendSaver,
    tester: BackendTester,
    health: BackendHealthDesk,
  ) {
    this.#definitions = definitions;
    this.#saver = saver;
    this.#tester = tester;
    this.#health = health;
  }

  @Get()
  @RequireScope('read')
  @Describe(texts.list)
  async list(@Query({ schema: listQuery }) { limit, cursor }: PageQuery): Promise<Page<DefinitionView>> {
    const rows = await this.#definitions.list('backend', { limit: limit + 1, after: nameAfter('backends', cursor) });
    return pageByName('backends', rows.map(toBackendView), limit, (item) => item.slug);
  }

  @Get(':slug')
  @RequireScope('read')
  @Describe(texts.get)
  async get(
    @Param('slug', { schema: slug }) name: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DefinitionView> {
    const found = await this.#definitions.get('backend', name);
    if (!found) throw new HouseError('NOT_FOUND', { detail: `There is no backend \`${name}\`.` });
    tagged(reply, found.revision);
    return toBackendView(found);
  }

  @Put(':slug')
  @RequireScope('edit')
  @Describe({ ...texts.put, errors: [...texts.put.errors, 'STATE_CONFLICT'] })
  async put(
    @Param('slug', { schema: slug }) name: string,
    @Query({ schema: commentQuery }) { comment }: CommentQuery,
    @Body({ schema: backend }) wanted: Backend,
    @EditorOf() editor: Editor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DefinitionView> {
    const { stored, created } = await this.#saver.save(name, wanted, { ...editor, comment });
    reply.status(created ? 201 : 200);
    tagged(reply, stored.revision);
    return toBackendView(stored);
  }

  @Delete(':slug')
  @HttpCode(204)
  @RequireScope('edit')
  @Describe(texts.delete)
  async delete(
    @Param('slug', { schema: slug }) name: string,
    @Query({ schema: commentQuery }) { comment }: CommentQuery,
    @EditorOf() editor: Editor,
  ): Promise<void> {
    const by = { ...editor, comment };
    await this.#definitions.remove('backend', name, by, (book) => referrersOf('backend', name, book));
  }

  @Post(':slug/test')
  @HttpCode(200)
  @RequireScope('edit')
  @Describe({
    summary: 'Sends one real message through a backend',
    description:
      'At once, without queue, retries or record; also while the backend is paused. The outcome is shown, secrets masked. A backend that was ' +
      'taken for down, or that had refused us, is sent to again once a message got through.',
    ok: {
      status: 200,
      description: 'What came of it; not necessarily `delivered`.',
      schema: testSendAnswer,
      example: {
        outcome: { kind: 'retryable', reason: 'http_503', statusCode: 503, detail: 'Service Unavailable' },
        durationMs: 41,
      },
    },
    errors: ['NOT_FOUND', 'STATE_CONFLICT'],
  })
  async test(
    @Param('slug', { schema: slug }) name: string,
    @Body({ schema: testSend }) wish: TestWish,
  ): Promise<TestAnswer> {
    const answer = await this.#tester.test(name, wish);
    if (answer.outcome.kind === 'delivered') await this.#health.proven(name);
    return answer;
  }
}
