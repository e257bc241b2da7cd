import { describe, expect, it } from '@jest/globals';
import { refusalRemedy, within, wordsOf } from './connect.ts';

const url = 'amqp://erp:p%40ss-4711@broker/vhost';

describe('the words for a failed connection', () => {
  it('never hold the password, in whatever form', () => {
    expect(wordsOf(new Error('cannot reach amqp://erp:p%40ss-4711@broker as p@ss-4711'), url)).toBe(
      'cannot reach amqp://erp:***@broker as ***',
    );
    expect(wordsOf('x'.repeat(1000), 'amqp://broker')).toHaveLength(500);
  });

  it('come with a remedy when the broker refuses, and only then', () => {
    const refused = new Error('Handshake terminated by server: 403 (ACCESS-REFUSED) with message "no"');
    expect(refusalRemedy(refused)).toContain('AMQP_URL');
    const vhost = new Error('Expected ConnectionOpenOk; got <ConnectionClose channel:0>');
    expect(refusalRemedy(vhost)).toContain('virtual host');
    expect(wordsOf(vhost, url)).toBe('The broker does not open the virtual host for this user.');
    expect(refusalRemedy(new Error('connect ECONNREFUSED 127.0.0.1:5672'))).toBeUndefined();
  });
});

describe('within', () => {
  it('hands on what is there in time, and says what was waited for when it is not', async () => {
    expect(await within(1000, 'an answer', Promise.resolve(7))).toBe(7);
    await expect(within(1, 'an answer', new Promise(() => undefined))).rejects.toThrow(
      'The broker did not answer within 0.001 s: an answer.',
    );
    await expect(within(1000, 'an answer', Promise.reject(new Error('closed')))).rejects.toThrow('closed');
  });
});
