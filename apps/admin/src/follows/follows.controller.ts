import {
  followedSubject,
  followView,
  newFollow,
  pageOf,
  pageQuery,
  slug,
  type FollowView,
  type NewFollow,
  type Page,
} from '#contract';
import { Actor, Describe, RequireScope, Section, type ActorView } from '#platform/http';
import { createFollows, DATABASE, type Database, type Follows } from '#platform/store';
import { Body, Controller, Delete, Get, HttpCode, Inject, Put, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';

const example = followView.meta()!['example'] as FollowView;

const recipientText = slug.meta({ description: 'Slug of the recipient.', example: 'anna' });
const subjectText = followedSubject.meta({ description: 'What is followed.', example: 'order/4711' });

/** What `GET /v1/follows` may be narrowed by. */
const listQuery = pageQuery.extend({
  recipient: recipientText.optional(),
  subject: subjectText.optional(),
});

/** Which follow is to end. */
const followPlace = z.strictObject({ recipient: recipientText, subject: subjectText });

/** `/v1/follows`. */
@Section('Recipients')
@Controller('v1/follows')
export class FollowsController {
  readonly #follows: Follows;

  constructor(@Inject(DATABASE) database: Database) {
    this.#follows = createFollows(database);
  }

  @Get()
  @RequireScope('read')
  @Describe({
    summary: 'Lists who follows what, by subject',
    description: 'Filters combine. Follows that have ended stay in the list until they are deleted.',
    ok: {
      status: 200,
      description: 'One page.',
      schema: pageOf(followView, 'FollowPage'),
      example: { items: [example] },
    },
    errors: ['CURSOR_INVALID'],
  })
  list(@Query({ schema: listQuery }) query: z.output<typeof listQuery>): Promise<Page<FollowView>> {
    return this.#follows.list(query);
  }

  @Put()
  @RequireScope('edit')
  @Describe({
    summary: 'Lets a recipient follow a subject',
    description:
      'Rules tell those who follow with `followers:<subject>`, such as `followers:{{ subject }}`. Idempotent; with another `until` it changes ' +
      'until when. It counts for events that are sent after the answer.',
    ok: { status: 200, description: 'The recipient followed it already.', schema: followView, example },
    also: [{ status: 201, description: 'The recipient follows it from now on.', schema: followView, example }],
    errors: ['DEFINITION_INVALID'],
  })
  async put(
    @Body({ schema: newFollow }) wish: NewFollow,
    @Actor() actor: ActorView,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FollowView> {
    const { follow, created } = await this.#follows.put(wish, actor.name);
    reply.status(created ? 201 : 200);
    return follow;
  }

  @Delete()
  @HttpCode(204)
  @RequireScope('edit')
  @Describe({
    summary: 'Ends that a recipient follows a subject',
    description: 'The next event on it is no longer told to the recipient.',
    ok: { status: 204, description: 'The recipient follows it no more.' },
    errors: ['NOT_FOUND'],
  })
  async delete(@Query({ schema: followPlace }) { recipient, subject }: z.output<typeof followPlace>): Promise<void> {
    await this.#follows.remove(recipient, subject);
  }
}
