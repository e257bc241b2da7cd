import { backendHealth, slug, type BackendHealth } from '#contract';
import { Actor, Describe, RequireScope, Section, type ActorView } from '#platform/http';
import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { BackendHealthDesk } from './backend-health.ts';

const answer = z.strictObject({ items: z.array(backendHealth) }).meta({ id: 'BackendHealthList' });

const example: BackendHealth = {
  backend: 'mychat-hq',
  state: 'down',
  reason: 'refused',
  detail: 'connect ECONNREFUSED 10.0.0.5:2004',
  since: '2026-11-20T08:00:00.000Z',
  nextProbeAt: '2026-11-20T08:05:00.000Z',
  waiting: 1250,
  held: 0,
  oldestWaitingAt: '2026-11-20T08:00:00.000Z',
};

/** `/v1/backend-health`, and the way back for a backend that refused us. */
@Section('Backends')
@Controller('v1')
export class BackendHealthController {
  readonly #desk: BackendHealthDesk;

  constructor(desk: BackendHealthDesk) {
    this.#desk = desk;
  }

  @Get('backend-health')
  @RequireScope('read')
  @Describe({
    summary: 'Tells how each backend is, and what waits for it',
    description: 'Counts all that waits, so ask it by the minute rather than by the second.',
    ok: { status: 200, description: 'All backends, by name.', schema: answer, example: { items: [example] } },
  })
  async list(): Promise<{ items: BackendHealth[] }> {
    return { items: await this.#desk.all() };
  }

  @Post('backends/:slug/resume')
  @HttpCode(204)
  @RequireScope('edit')
  @Describe({
    summary: 'Sends again through a backend that refused us',
    description:
      'A backend that refuses us (credentials, set-up) is paused and the event `vestnik.backend.paused` is raised. Once that is mended on its side, ' +
      'this lets the deliveries go that wait, oldest first. Saving the backend does the same.',
    ok: { status: 204, description: 'It is being sent to again.' },
    errors: ['NOT_FOUND', 'STATE_CONFLICT'],
  })
  async resume(@Param('slug', { schema: slug }) name: string, @Actor() actor: ActorView): Promise<void> {
    await this.#desk.resume(name, actor.name);
  }
}
