import { HouseError } from '#contract';
import { describe, expect, it } from '@jest/globals';
import { ConflictException, NotFoundException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '#platform/log';
import { Refuser, toProblem, toRefusal } from './problem.ts';

describe('toRefusal', () => {
  it('leaves a refusal as it is', () => {
    const refusal = new HouseError('SLUG_IN_USE');
    expect(toRefusal(refusal)).toBe(refusal);
  });

  it.each([
    [Object.assign(new Error('x'), { code: 'FST_ERR_CTP_BODY_TOO_LARGE', statusCode: 413 }), 'BODY_TOO_LARGE'],
    [
      Object.assign(new Error('x'), { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 }),
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    [Object.assign(new Error('x'), { code: 'FST_ERR_CTP_INVALID_CONTENT_LENGTH', statusCode: 400 }), 'REQUEST_INVALID'],
    [new NotFoundException(), 'NOT_FOUND'],
    [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'UNAVAILABLE'],
    [new ConflictException(), 'INTERNAL'],
    [new TypeError('a bug'), 'INTERNAL'],
    ['a thrown text', 'INTERNAL'],
    [undefined, 'INTERNAL'],
  ])('reads %s', (error, code) => {
    const refusal = toRefusal(error);
    expect(refusal.code).toBe(code);
    expect(refusal.cause).toBe(error);
  });
});

describe('toProblem', () => {
  it('has faults only where there are any', () => {
    expect(toProblem(new HouseError('NOT_FOUND'), 'r1')).not.toHaveProperty('errors');
    const faults = [{ pointer: '/a', detail: 'is wrong' }];
    expect(toProblem(new HouseError('REQUEST_INVALID', { faults }), 'r1')).toMatchObject({
      instance: 'r1',
      errors: faults,
    });
  });
});

describe('the log', () => {
  it('tells of a service that is away once a second, not once a request', () => {
    const warned: unknown[] = [];
    const log = { warn: (fields: object) => warned.push(fields), debug: () => undefined } as unknown as Logger;
    const refuser = new Refuser(log);
    const reply = { sent: true } as FastifyReply;
    const request = { method: 'GET', id: 'r' } as FastifyRequest;
    for (let n = 0; n < 5; n += 1) refuser.refuse(new HouseError('UNAVAILABLE'), request, reply);
    expect(warned).toEqual([expect.objectContaining({ code: 'UNAVAILABLE', alsoRefused: 0 })]);
  });
});
