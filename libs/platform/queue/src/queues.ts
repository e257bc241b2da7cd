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
  /** Throws when the server behind the queues does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
