import { describe, expect, it } from '@jest/globals';
import { ignore } from './ignore.ts';
import { captured } from './spec-capture.ts';

const levels = { debug: 20, info: 30, warn: 40, error: 50 };

describe('a line of the log', () => {
  it('names the app and the event, and holds the facts as fields', () => {
    const { log, lines } = captured();
    log.info({ eventId: 'evt_1', durationMs: 7 }, 'event.accepted');
    expect(lines).toEqual([
      {
        level: levels.info,
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        app: 'spec',
        eventId: 'evt_1',
        durationMs: 7,
        msg: 'event.accepted',
      },
    ]);
  });

  it.each(['authorization', 'password', 'secret', 'serverKey', 'apiKey', 'token', 'settings', 'headers'])(
    'leaves out what is called %s',
    (name) => {
      const { log, lines } = captured();
      log.info({ [name]: 'pw-4711', backend: 'inbox' }, 'backend.saved');
      log.info({ [name]: { deep: ['pw-4711'] } }, 'backend.saved');
      expect(lines).toMatchObject([{ [name]: '***', backend: 'inbox' }, { [name]: '***' }]);
      expect(JSON.stringify(lines)).not.toContain('4711');
    },
  );

  it('leaves them out in the lines of a child logger too', () => {
    const { log, lines } = captured();
    log.child({ token: 'pw-4711', requestId: 'r' }).info('request.answered');
    expect(lines).toMatchObject([{ token: '***', requestId: 'r' }]);
  });

  it('tells an error with its stack and its cause', () => {
    const { log, lines } = captured();
    log.error({ error: new Error('outer', { cause: new Error('inner') }) }, 'x.failed');
    expect(lines[0]).toMatchObject({ error: { type: 'Error', message: expect.stringMatching(/outer.*inner/) } });
    expect(JSON.stringify(lines[0])).toContain('logger.spec.ts');
  });

  it('tells of an error what it says, and nothing that a driver has hung on it', () => {
    const { log, lines } = captured();
    const fault = Object.assign(new Error('gone'), {
      code: '57P01',
      client: { secretKey: 4711 },
      command: { args: ['4711'] },
    });
    log.warn({ error: fault }, 'database.connection_lost');
    expect(lines[0]).toMatchObject({ error: { type: 'Error', message: 'gone', code: '57P01' } });
    expect(JSON.stringify(lines[0])).not.toContain('4711');
  });

  it('tells an error that is none', () => {
    const { log, lines } = captured();
    log.warn({ error: 'a word' }, 'x.failed');
    expect(lines[0]).toMatchObject({ error: 'a word' });
  });

  it('is written from the level on that was asked for', () => {
    const { log, lines } = captured('warn');
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines.map(({ msg }) => msg)).toEqual(['c', 'd']);
    const silent = captured('silent');
    silent.log.fatal('e');
    expect(silent.lines).toEqual([]);
  });
});

describe('ignore', () => {
  it('writes what it swallows at warn, with the reason', () => {
    const { log, lines } = captured();
    ignore(log, new Error('gone'), 'the peer had hung up');
    expect(lines).toMatchObject([
      { level: levels.warn, msg: 'error.ignored', error: { message: 'gone' }, why: 'the peer had hung up' },
    ]);
  });
});
