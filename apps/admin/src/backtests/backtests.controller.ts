import {
  backtest,
  backtestStarted,
  backtestSummary,
  newBacktest,
  pageOf,
  pageQuery,
  type Backtest,
  type BacktestSummary,
  type NewBacktest,
  type Page,
  type PageQuery,
} from '#contract';
import { Actor, Describe, RequireScope, Section, type ActorView } from '#platform/http';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Sse, type MessageEvent } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { idParam } from '../events/event-query.ts';
import { draftId } from '../rule-book/drafts.controller.ts';
import { BacktestDesk } from './backtest-desk.ts';

const backtestId = idParam('backtest', '`bkt_…`');
const running = backtestSummary.meta()!['example'];
const done = backtest.meta()!['example'];

/** `/v1/drafts/{id}/backtests`. */
@Section('Rule book')
@Controller('v1/drafts/:id/backtests')
export class DraftBacktestsController {
  readonly #desk: BacktestDesk;

  constructor(desk: BacktestDesk) {
    this.#desk = desk;
  }

  @Post()
  @HttpCode(202)
  @RequireScope('edit')
  @Describe({
    summary: 'Starts a back-test: what the draft would have done with past events',
    description:
      'Plans every stored event of the span twice, by the live book and by that book with the draft, both as they are now, and counts who would ' +
      'have heard of what. Schedules and hours are asked for the moment at which each event was accepted; who follows a subject is asked as of ' +
      'now. Nothing is sent and nothing of the flow is changed. It runs in the background, at about half a core; one runs at a time. Refused ' +
      'with 422 while the draft could not be published for what it says.',
    ok: {
      status: 202,
      description: 'It runs; ask for it, or listen to its stream.',
      schema: backtestStarted,
      example: backtestStarted.meta()!['example'],
    },
    errors: ['NOT_FOUND', 'STATE_CONFLICT', 'DEFINITION_INVALID'],
  })
  async start(
    @Param('id', { schema: draftId }) id: string,
    @Body({ schema: newBacktest }) request: NewBacktest,
    @Actor() actor: ActorView,
  ): Promise<z.infer<typeof backtestStarted>> {
    return { id: await this.#desk.start(id, request, actor.name), state: 'running' };
  }
}

/** `/v1/backtests`. */
@Section('Rule book')
@Controller('v1/backtests')
export class BacktestsController {
  readonly #desk: BacktestDesk;

  constructor(desk: BacktestDesk) {
    this.#desk = desk;
  }

  @Get()
  @RequireScope('read')
  @Describe({
    summary: 'Lists back-tests, newest first, without their results',
    description: 'The newest 100 are kept.',
    ok: {
      status: 200,
      description: 'One page.',
      schema: pageOf(backtestSummary, 'BacktestPage'),
      example: { items: [running] },
    },
  })
  list(@Query({ schema: pageQuery }) query: PageQuery): Promise<Page<BacktestSummary>> {
    return this.#desk.list(query);
  }

  @Get(':id')
  @RequireScope('read')
  @Describe({
    summary: 'Shows how far a back-test has come, and its result once it is done',
    description: 'One whose process ended without a word is `failed` after 20 seconds.',
    ok: { status: 200, description: 'The back-test.', schema: backtest, example: done },
    errors: ['NOT_FOUND'],
  })
  get(@Param('id', { schema: backtestId }) id: string): Promise<Backtest> {
    return this.#desk.get(id);
  }

  @Sse(':id/stream')
  @RequireScope('read')
  @Describe({
    summary: 'Sends the progress of a back-test, and its result',
    description:
      'Server-sent events: about once a second `event: progress` with the back-test as lists show it in `data`; at the end one event named after ' +
      'the state, `done`, `cancelled` or `failed`, with the whole back-test, after which the stream ends. Of one that is over only that.',
    ok: {
      status: 200,
      description: 'A stream that ends with the back-test.',
      schema: z.string(),
      contentType: 'text/event-stream',
      example: `event: progress\ndata: ${JSON.stringify(running)}\n\n`,
    },
    errors: ['NOT_FOUND'],
  })
  stream(@Param('id', { schema: backtestId }) id: string): Promise<Observable<MessageEvent>> {
    return this.#desk.stream(id);
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScope('edit')
  @Describe({
    summary: 'Cancels a back-test',
    description: 'In whichever process it runs: there it ends within about a second. One that is over stays as it is.',
    ok: { status: 204, description: 'It does not run any more.' },
    errors: ['NOT_FOUND'],
  })
  async cancel(@Param('id', { schema: backtestId }) id: string): Promise<void> {
    await this.#desk.cancel(id);
  }
}
