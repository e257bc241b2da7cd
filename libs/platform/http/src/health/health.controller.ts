import { renderMetrics, startProcessMetrics } from '#platform/metrics';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Public } from '../access.ts';
import type { HouseAdapter } from '../adapter.ts';
import { READINESS, type ReadinessCheck } from '../keys.ts';
import { Describe } from '../openapi/describe.ts';
import { Section } from '../openapi/section.ts';
import { runChecks, type CheckStates, type Readiness } from './readiness.ts';

const liveness = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Liveness' });

const readiness = z
  .strictObject({ status: z.enum(['ok', 'unavailable']), checks: z.record(z.string(), z.string()) })
  .meta({ id: 'Readiness', description: 'Each check by name: `ok`, or why not.' });

/** Whether the process lives and can work, and what it counts. */
@Public()
@Section('Operations')
@Controller()
export class HealthController {
  readonly #checks: readonly ReadinessCheck[];
  readonly #host: HttpAdapterHost;
  /** The answer that is being found; whoever asks meanwhile shares it, so that probes do not pile up on what hangs. */
  #finding: Promise<Readiness> | undefined;

  constructor(@Inject(READINESS) checks: ReadinessCheck[], host: HttpAdapterHost) {
    this.#checks = checks;
    this.#host = host;
    startProcessMetrics();
  }

  @Get('health/live')
  @Describe({
    summary: 'Whether the process lives',
    ok: { status: 200, description: 'It does.', schema: liveness, example: { status: 'ok' } },
  })
  live(): z.infer<typeof liveness> {
    return { status: 'ok' };
  }

  @Get('health/ready')
  @Describe({
    summary: 'Whether the process can work',
    description:
      'Asks every service that the process needs, each for at most two seconds. A process that is about to stop is not ready either, although it still answers.',
    ok: {
      status: 200,
      description: 'It can.',
      schema: readiness,
      example: { status: 'ok', checks: { database: 'ok', queues: 'ok' } },
    },
    also: [
      {
        status: 503,
        description: 'Some service is away, or the process is about to stop.',
        schema: readiness,
        example: { status: 'unavailable', checks: { database: 'failed (ECONNREFUSED)', queues: 'ok' } },
      },
    ],
  })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<{ status: string; checks: CheckStates }> {
    if ((this.#host.httpAdapter as unknown as HouseAdapter).traffic.leaving) {
      reply.status(503).header('cache-control', 'no-store');
      return { status: 'unavailable', checks: { process: 'stopping' } };
    }
    this.#finding ??= runChecks(this.#checks).finally(() => (this.#finding = undefined));
    const { ready, checks } = await this.#finding;
    reply.status(ready ? 200 : 503).header('cache-control', 'no-store');
    return { status: ready ? 'ok' : 'unavailable', checks };
  }

  @Get('metrics')
  @Describe({
    summary: 'Metrics for Prometheus',
    ok: {
      status: 200,
      description: 'Text format of Prometheus.',
      contentType: 'text/plain',
      schema: z.string(),
      example: 'vestnik_events_accepted_total{result="accepted"} 42',
    },
  })
  async metrics(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { contentType, text } = await renderMetrics();
    reply.header('content-type', contentType);
    return text;
  }
}
