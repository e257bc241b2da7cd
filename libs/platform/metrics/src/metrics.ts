import type { OutcomeKind } from '#contract';
import { collectDefaultMetrics, Counter, Histogram, register } from 'prom-client';

/** Seconds; from a loopback webhook to a backend that uses up its whole time-out. */
const attemptBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Seconds; from a cached answer to the request time-out. */
const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];

const httpRequests = new Counter({
  name: 'vestnik_http_requests_total',
  help: 'Answered HTTP requests, by route pattern and class of the status.',
  labelNames: ['method', 'route', 'status'],
});

const httpRequestSeconds = new Histogram({
  name: 'vestnik_http_request_seconds',
  help: 'Time from the arrival of a request to its answer.',
  labelNames: ['route'],
  buckets: requestBuckets,
});

const accepted = new Counter({
  name: 'vestnik_events_accepted_total',
  help: 'Events that producers sent; duplicates are those whose idempotency key was known.',
  labelNames: ['result'],
});

const routed = new Counter({
  name: 'vestnik_events_routed_total',
  help: "Events that went through the rule book: routed to somebody, or nobody's business.",
  labelNames: ['result'],
});

const swept = new Counter({
  name: 'vestnik_sweep_rang_total',
  help: 'Events and deliveries that were overdue and were rung for again.',
  labelNames: ['kind'],
});

const attempts = new Counter({
  name: 'vestnik_delivery_attempts_total',
  help: 'Attempts, by backend type and outcome.',
  labelNames: ['backend_type', 'outcome'],
});

const attemptSeconds = new Histogram({
  name: 'vestnik_delivery_attempt_seconds',
  help: 'Time of one attempt.',
  labelNames: ['backend_type'],
  buckets: attemptBuckets,
});

const failedRings = new Counter({
  name: 'vestnik_queue_rings_failed_total',
  help: 'Rings that did not reach the queue; the sweep rings again.',
  labelNames: ['queue'],
});

/** Counts one answered request. `route` is the pattern of the path, never the path; `durationMs` is in milliseconds. */
export function requestAnswered(method: string, route: string, status: number, durationMs: number): void {
  httpRequests.inc({ method, route, status: `${Math.floor(status / 100)}xx` });
  httpRequestSeconds.observe({ route }, durationMs / 1000);
}

/** Counts one committed batch of events: how many were new and how many were known before. */
export function eventsAccepted(fresh: number, duplicates: number): void {
  if (fresh > 0) accepted.inc({ result: 'accepted' }, fresh);
  if (duplicates > 0) accepted.inc({ result: 'duplicate' }, duplicates);
}

/** Counts routed events: those that concern somebody, and those that concern nobody. */
export function eventsRouted(result: 'routed' | 'unmatched', count: number): void {
  if (count > 0) routed.inc({ result }, count);
}

/** Counts what the sweep found overdue and rang for again. */
export function sweepRang(kind: 'event' | 'delivery', count: number): void {
  if (count > 0) swept.inc({ kind }, count);
}

/** Counts one attempt and its time, in milliseconds. `backendType` is the type, never the slug. */
export function attemptMade(backendType: string, outcome: OutcomeKind, durationMs: number): void {
  attempts.inc({ backend_type: backendType, outcome });
  attemptSeconds.observe({ backend_type: backendType }, durationMs / 1000);
}

/** Counts a ring that did not reach its queue. */
export function ringFailed(queue: 'route' | 'deliver'): void {
  failedRings.inc({ queue });
}

let processMetricsStarted = false;

/** Adds the usual metrics of a Node process (CPU, memory, event loop lag). Calling it again changes nothing. */
export function startProcessMetrics(): void {
  if (processMetricsStarted) return;
  processMetricsStarted = true;
  collectDefaultMetrics();
}

/** Everything in the text format of Prometheus, with the content type that belongs to it. */
export async function renderMetrics(): Promise<{ contentType: string; text: string }> {
  return { contentType: register.contentType, text: await register.metrics() };
}
