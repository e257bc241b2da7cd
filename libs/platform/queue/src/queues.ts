/** How consumers of a queue work. */
export interface ConsumeOptions {
  /** Jobs under way at once in this process. */
  concurrency: number;
  /** Jobs per period over all processes. */
  rate?: { max: number; perMs: number };
}

/** A running consumer. */
export interface Consumer {
  /** Takes no more jobs and waits for those under way. */
  close(): Promise<void>;
}

/** How to ring. */
export interface RingOptions {
  /** Ring after so many milliseconds instead of now. */
  delayMs?: number;
  /** Most ids in one job. Absent: enough to share a round trip, few enough that a slow job holds little. */
  perJob?: number;
}

/** A queue: the one of the routers, or the one of a backend's couriers. */
export type QueueOf = 'route' | { backend: string };

/** How the worker of one queue in this process fares. */
export interface WorkerHealth {
  /** Name of the queue: `route` or `deliver.<backend>`. */
  queue: string;
  /** Milliseconds since the worker last fetched: took a job, or found that there is none. */
  idleMs: number;
  /** True when it does not fetch although jobs wait and it has room for them. */
  stuck: boolean;
}

/** How the doorbells of this process fare, as known without asking the server. */
export interface QueuesHealth {
  away: boolean;
  workers: WorkerHealth[];
}

/** The doorbells of a process. A ring that fails is logged, never thrown: the sweep rings again. */
export interface Queues {
  /** Asks the routers to route these events. */
  ringRoute(eventIds: readonly string[]): Promise<void>;
  /** Asks the couriers of a backend to attempt these deliveries. */
  ringDeliver(backend: string, deliveryIds: readonly string[], options?: RingOptions): Promise<void>;
  consumeRoute(handler: (eventIds: string[]) => Promise<void>, options: ConsumeOptions): Promise<Consumer>;
  consumeDeliver(
    backend: string,
    handler: (deliveryIds: string[]) => Promise<void>,
    options: ConsumeOptions,
  ): Promise<Consumer>;
  /** Jobs that wait or are under way; delayed ones do not count. One round trip. Throws when the server is away. */
  waiting(queue: QueueOf): Promise<number>;
  /** Whether the server behind the queues is known to be away. Meanwhile rings are dropped at once, and the sweep is the bell. */
  isAway(): boolean;
  /** How the workers fare; no round trip. */
  health(): QueuesHealth;
  /** Throws when the server behind the queues does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
