import { describe, expect, it } from '@jest/globals';
import { NestLogger } from './nest-logger.ts';
import { captured } from './spec-capture.ts';

function nest() {
  const { log, lines } = captured();
  return { logger: new NestLogger(log), lines };
}

describe('what Nest says', () => {
  it('is chatter unless it warns or fails', () => {
    const { logger, lines } = nest();
    logger.log('Mapped {/v1/events}', 'RouterExplorer');
    logger.debug('d');
    logger.verbose('v');
    logger.warn('careful', 'Somewhere');
    logger.error('broken', 'Somewhere');
    expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
      [20, 'nest.log'],
      [20, 'nest.log'],
      [20, 'nest.log'],
      [40, 'nest.warn'],
      [50, 'nest.error'],
    ]);
    expect(lines[0]).toMatchObject({ message: 'Mapped {/v1/events}', context: ['RouterExplorer'] });
    expect(lines[4]).toMatchObject({ message: 'broken', context: ['Somewhere'] });
  });

  it.each([
    ['as its message', (logger: NestLogger, error: Error) => logger.error(error, 'ExceptionsHandler')],
    ['behind its message', (logger: NestLogger, error: Error) => logger.error('It failed', error, 'Somewhere')],
  ])('puts an error %s under `error`, with its stack', (_how, say) => {
    const { logger, lines } = nest();
    say(logger, new TypeError('no such thing'));
    expect(lines[0]).toMatchObject({
      level: 50,
      msg: 'nest.error',
      error: { type: 'TypeError', message: 'no such thing', stack: expect.stringContaining('nest-logger.spec.ts') },
    });
  });
});
