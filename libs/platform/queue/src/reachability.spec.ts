import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { renderMetrics } from '#platform/metrics';
import { NoAnswer, Reachability } from './reachability.ts';
import { listeningLog } from './spec-log.ts';

const refused = new Error('connect ECONNREFUSED 10.0.0.1:6379');

/** A server that answers probes, refuses them or hangs. */
function start({ restMs }: { restMs?: number } = {}) {
  const { log, lines } = listeningLog();
  const server = { probes: 0, mood: 'well' as 'well' | 'refuses' | 'hangs' };
  const probe = async () => {
    server.probes += 1;
    if (server.mood === 'refuses') throw refused;
    if (server.mood === 'hangs') await new Promise(() => undefined);
  };
  const reach = new Reachability({ log, probe, restMs });
  opened.push(reach);
  return { reach, server, lines };
}

const opened: Reachability[] = [];
beforeEach(() => void jest.useFakeTimers());
afterEach(() => {
  for (const reach of opened.splice(0)) reach.close();
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

describe('Reachability', () => {
  it('tells in one line that the server is away and in one that it is back, and for how long it was', async () => {
    const { reach, server, lines } = start();
    server.mood = 'refuses';
    reach.suspect();
    await pass(0);
    expect(reach.isAway()).toBe(true);
    reach.gone(refused);
    await pass(60_000);
    expect(lines).toEqual([{ event: 'queue.away', fields: { reason: refused.message } }]);
    expect((await renderMetrics()).text).toMatch(/^vestnik_queue_away 1$/m);
    server.mood = 'well';
    await pass(1000);
    expect(reach.isAway()).toBe(false);
    expect(lines.slice(1)).toEqual([{ event: 'queue.back', fields: { awayMs: 61_000 } }]);
    expect((await renderMetrics()).text).toMatch(/^vestnik_queue_away 0$/m);
  });

  it('probes once a second while the server is away, and one that hangs no more often than it gives up', async () => {
    const { reach, server } = start();
    server.mood = 'refuses';
    reach.gone(refused);
    await pass(10_000);
    expect(server.probes).toBe(10);
    server.mood = 'hangs';
    await pass(30_000);
    expect(server.probes).toBeLessThanOrEqual(20);
  });

  it('probes at rest only when nothing was heard, and not at all when it need not', async () => {
    const idle = start({ restMs: 5000 });
    const lively = start({ restMs: 5000 });
    const trusting = start();
    for (let second = 1; second <= 20; second += 1) {
      await pass(1000);
      lively.reach.heard();
    }
    expect([idle.server.probes, lively.server.probes, trusting.server.probes]).toEqual([4, 0, 0]);
  });

  it('finds a server away that hangs although nobody rings', async () => {
    const { reach, server, lines } = start({ restMs: 5000 });
    server.mood = 'hangs';
    await pass(6999);
    expect(reach.isAway()).toBe(false);
    await pass(1);
    expect(reach.isAway()).toBe(true);
    expect(lines[0]!.fields).toEqual({ reason: 'no answer within 2000 ms' });
  });

  it('lets go of all that wait as soon as the server is known to be away', async () => {
    const { reach } = start();
    const waiting = [reach.within(new Promise(() => undefined)), reach.within(new Promise(() => undefined))];
    const results = Promise.allSettled(waiting);
    reach.gone(refused);
    expect((await results).map((result) => result.status === 'rejected' && result.reason)).toEqual([refused, refused]);
  });

  it('passes on in time what an answer says, be it good or bad', async () => {
    const { reach } = start();
    await expect(reach.within(Promise.resolve(7))).resolves.toBe(7);
    await expect(reach.within(Promise.reject(refused))).rejects.toBe(refused);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('waits for two seconds and no longer', async () => {
    const { reach } = start();
    const answer = reach.within(new Promise(() => undefined)).catch((error: unknown) => error);
    await pass(2000);
    expect(await answer).toBeInstanceOf(NoAnswer);
  });

  it('still reads an answer that came in while the process itself stood still', async () => {
    const { reach } = start();
    let arrive = () => undefined as void;
    const answer = reach.within(new Promise<string>((resolve) => (arrive = () => resolve('late'))));
    // After a halt the timer comes first, what lies in the socket next.
    jest.advanceTimersByTime(1900);
    arrive();
    await pass(60_000);
    await expect(answer).resolves.toBe('late');
  });
});
