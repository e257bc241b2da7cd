import type { OutcomeKind } from '#contract';
import { collectDefaultMetrics, Counter, Gauge, Histogram, register } from 'prom-client';

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

const awayQueues = new Gauge({
  name: 'vestnik_queue_away',
  help: '1 while the server behind the queues is known to be away.',
});

const rebuiltWorkers = new Counter({
  name: 'vestnik_queue_workers_rebuilt_total',
  help: 'Workers that no longer fetched although jobs waited, and were made anew.',
  labelNames: ['queue'],
});

/** One worker of this process, asked at every scrape. */
export interface ObservedWorker {
  /** `route` or `deliver.<backend>`. */
  queue: string;
  /** Seconds since it last took a job or found that there is none. */
  idleSeconds(): number;
  /** Jobs that wait in its queue; `undefined` when the server does not say. Must not throw. */
  waiting(): Promise<number | undefined>;
}

const observedWorkers = new Set<ObservedWorker>();

new Gauge({
  name: 'vestnik_queue_worker_idle_seconds',
  help: 'Time since a worker of this process last took a job or found that there is none.',
  labelNames: ['queue'],
  collect() {
    this.reset();
    for (const worker of observedWorkers) this.set({ queue: worker.queue }, worker.idleSeconds());
  },
});

new Gauge({
  name: 'vestnik_queue_waiting_jobs',
  help: 'Jobs that wait in a queue which this process works off; delayed ones and those under way do not count.',
  labelNames: ['queue'],
  async collect() {
    const seen = await Promise.all(
      [...observedWorkers].map(async (worker) => [worker, await worker.waiting()] as const),
    );
    this.reset();
    for (const [{ queue }, waiting] of seen) if (waiting !== undefined) this.set({ queue }, waiting);
  },
});

const flowLag = new Gauge({
  name: 'vestnik_flow_lag_seconds',
  help: 'Age of the oldest event that waits for routing, and how long the longest-due delivery to a healthy backend has been due.',
  labelNames: ['kind'],
});
const backendState = new Gauge({
  name: 'vestnik_backend_circuit',
  help: 'Backends that are not sent to as usual, by what is the matter: open (down), draining, paused. A healthy one is absent.',
  labelNames: ['backend', 'state'],
});

const amqpQueue = new Gauge({
  name: 'vestnik_amqp_queue_messages',
  help: 'Messages that wait in the AMQP queue; those in hand do not count. Looked at every ten seconds.',
});

const amqpConsumer = new Gauge({
  name: 'vestnik_amqp_consuming',
  help: '1 while the AMQP door takes messages: connected, and PostgreSQL takes events.',
});

const amqpLastDelivery = new Gauge({
  name: 'vestnik_amqp_last_delivery_timestamp_seconds',
  help: 'When the broker last handed us a message, in seconds since 1970; 0 when it never did.',
});

const amqpMessages = new Counter({
  name: 'vestnik_amqp_messages_total',
  help: 'AMQP messages by what became of them: taken, or rejected to the exchange for that.',
  labelNames: ['result'],
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

/** Tells whether the server behind the queues is away. */
export function queueAway(away: boolean): void {
  awayQueues.set(away ? 1 : 0);
}

/** Counts a worker that was made anew. `queue` is `route` or `deliver.<backend>`. */
export function workerRebuilt(queue: string): void {
  rebuiltWorkers.inc({ queue });
}

/** Shows a worker in the metrics from now on; the function that it answers with takes the worker out again. */
export function observeWorker(worker: ObservedWorker): () => void {
  observedWorkers.add(worker);
  return () => void observedWorkers.delete(worker);
}

/** Says how far behind the flow is, in seconds. */
export function flowLagged(kind: 'event' | 'delivery', seconds: number): void {
  flowLag.set({ kind }, seconds);
}

/** Says which backends are not well; all others are. */
export function backendStates(circuits: readonly { backend: string; state: string }[]): void {
  backendState.reset();
  for (const { backend, state } of circuits) backendState.set({ backend, state }, 1);
}

/** Says how many messages wait in the AMQP queue. */
export function amqpQueueLength(messages: number): void {
  amqpQueue.set(messages);
}

/** Tells whether the AMQP door takes messages. */
export function amqpConsuming(consuming: boolean): void {
  amqpConsumer.set(consuming ? 1 : 0);
}

/** Notes that the broker handed us a message. */
export function amqpDelivered(): void {
  amqpLastDelivery.set(Date.now() / 1000);
}

/** Counts an AMQP message that was acknowledged, by what became of it. */
export function amqpVerdict(result: 'taken' | 'rejected'): void {
  amqpMessages.inc({ result });
}

/**
 * How often the lag of the event loop is sampled, in milliseconds. The usual 10 wakes an idle process a hundred times a second,
 * which is most of what it would cost.
 */
const eventLoopMonitoringPrecision = 100;

let processMetricsStarted = false;

/** Adds the usual metrics of a Node process (CPU, memory, event loop lag). Calling it again changes nothing. */
export function startProcessMetrics(): void {
  if (processMetricsStarted) return;
  processMetricsStarted = true;
  collectDefaultMetrics({ eventLoopMonitoringPrecision });
}

/** Everything in the text format of Prometheus, with the content type that belongs to it. */
export async function renderMetrics(): Promise<{ contentType: string; text: string }> {
  return { contentType: register.contentType, text: await register.metrics() };
}
