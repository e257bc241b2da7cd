import { describe, expect, it } from '@jest/globals';
import { listeningLog } from './spec-log.ts';
import { isJobGone, isServerTrouble, reasonOf, tellErrors } from './trouble.ts';

const withCode = (message: string, code: string) => Object.assign(new Error(message), { code });

describe('an error of a queue', () => {
  it.each([
    withCode('connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED'),
    withCode('terminating connection due to administrator command', '57P01'),
    new Error('Connection is closed.'),
    new Error("READONLY You can't write against a read only replica. script: 69666e69, on @user_script:679."),
    new Error('LOADING Redis is loading the dataset in memory'),
    new Error('Connection terminated unexpectedly'),
    new Error("Socket timeout. Expecting data, but didn't receive any in 3000ms."),
    new Error('Too many Cluster redirections. Last error: ReplyError: MOVED 16287 127.0.0.1:1'),
    new AggregateError([withCode('', 'ECONNREFUSED')]),
  ])('means the server: %s', (error) => {
    expect([isServerTrouble(error), isJobGone(error)]).toEqual([true, false]);
  });

  it.each([
    new Error('Missing key for job 7. moveToFinished'),
    new Error('Missing lock for job 7. moveToFinished'),
    new Error('could not renew lock for job 7'),
    new Error('job stalled more than allowable limit'),
  ])('means that a job is gone: %s', (error) => {
    expect([isServerTrouble(error), isJobGone(error)]).toEqual([false, true]);
  });

  it('means neither when it is our own fault', () => {
    const error = new TypeError('x is not a function');
    expect([isServerTrouble(error), isJobGone(error)]).toEqual([false, false]);
    expect(isServerTrouble('ECONNREFUSED')).toBe(false);
  });

  it('is told without the command that failed, which may hold a password', () => {
    const error = Object.assign(new Error('WRONGPASS invalid username-password pair'), {
      command: { name: 'auth', args: ['pw-4711'] },
    });
    expect(reasonOf(error)).toBe('WRONGPASS invalid username-password pair');
    expect(reasonOf(new AggregateError([], ''))).toBe('AggregateError');
    expect(reasonOf(withCode('', 'ECONNREFUSED'))).toBe('ECONNREFUSED');
  });
});

describe('tellErrors', () => {
  it('warns of a run of unexpected errors once, and leaves the expected ones to debugging', () => {
    const { log, lines, details } = listeningLog();
    const tell = tellErrors(log, 'route');
    tell(withCode('refused', 'ECONNREFUSED'));
    for (let count = 1; count <= 3; count += 1) tell(new Error('ERR no such thing'));
    tell(new Error('Missing key for job 7. moveToFinished'));
    expect(lines).toEqual([
      { event: 'queue.error', fields: { reason: 'ERR no such thing', queue: 'route', untold: 0 } },
    ]);
    expect(details.map(({ fields }) => fields['reason'])).toEqual([
      'refused',
      'ERR no such thing',
      'ERR no such thing',
      'Missing key for job 7. moveToFinished',
    ]);
  });
});
