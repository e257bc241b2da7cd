import { describe, expect, it } from '@jest/globals';
import {
  attemptMade,
  eventsAccepted,
  eventsRouted,
  renderMetrics,
  requestAnswered,
  ringFailed,
  startProcessMetrics,
  sweepRang,
} from './index.ts';

async function valueOf(line: string): Promise<number> {
  const { text } = await renderMetrics();
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return found === undefined ? 0 : Number(found.slice(line.length + 1));
}

describe('the metrics', () => {
  it.each<[string, () => void, number]>([
    ['vestnik_events_accepted_total{result="accepted"}', () => eventsAccepted(3, 0), 3],
    ['vestnik_events_accepted_total{result="duplicate"}', () => eventsAccepted(0, 2), 2],
    ['vestnik_events_routed_total{result="unmatched"}', () => eventsRouted('unmatched', 4), 4],
    ['vestnik_sweep_rang_total{kind="delivery"}', () => sweepRang('delivery', 5), 5],
    [
      'vestnik_delivery_attempts_total{backend_type="webhook",outcome="retryable"}',
      () => attemptMade('webhook', 'retryable', 20),
      1,
    ],
    [
      'vestnik_delivery_attempt_seconds_count{backend_type="webhook"}',
      () => attemptMade('webhook', 'delivered', 20),
      1,
    ],
    ['vestnik_queue_rings_failed_total{queue="route"}', () => ringFailed('route'), 1],
    [
      'vestnik_http_requests_total{method="GET",route="/v1/rules/:slug",status="4xx"}',
      () => requestAnswered('GET', '/v1/rules/:slug', 404, 3),
      1,
    ],
  ])('move %s', async (line, move, by) => {
    const before = await valueOf(line);
    move();
    expect(await valueOf(line)).toBe(before + by);
  });

  it('keep times in seconds', async () => {
    const before = await valueOf('vestnik_delivery_attempt_seconds_sum{backend_type="inbox"}');
    attemptMade('inbox', 'delivered', 1500);
    expect(await valueOf('vestnik_delivery_attempt_seconds_sum{backend_type="inbox"}')).toBeCloseTo(before + 1.5);
  });

  it('tell of the process, however often that is asked for', async () => {
    startProcessMetrics();
    startProcessMetrics();
    expect((await renderMetrics()).text).toContain('process_cpu_seconds_total');
  });
});
