/** Watches over the backends: opens and closes their circuits, pauses those that refuse us, and sends the probes. */
import type { Outcome } from '#contract';
import { createFailureStreak, firstProbeMs, probeGapsMs, signOf, type FailureStreak } from '#domain/delivery';
import type { Logger } from '#platform/log';
import type { Queues } from '#platform/queue';
import { newId, type CircuitCause, type Circuits, type NewEvent } from '#platform/store';

/** How often to look whether a probe may be made, in milliseconds. */
const usualLookMs = 500;

/** What the keeper needs. */
export interface HealthKeeperParts {
  circuits: Circuits;
  queues: Pick<Queues, 'ringRoute'>;
  log: Logger;
  /** Backends that this process sends to. */
  backends(): Iterable<string>;
  /** Sends the delivery to a backend that is due for the longest. Resolves when it is settled, or there was none. */
  probe(backend: string): Promise<void>;
  /** How often to look, in milliseconds. Absent: 500. */
  lookEveryMs?: number;
}

/** The backend that an outcome came from. */
export interface HeardOf {
  slug: string;
  type: string;
  deliveryId: string;
  isProbe: boolean;
}

/** The keeper of a process. */
export interface HealthKeeper {
  /** Whether attempts may be made. */
  isOpen(backend: string): boolean;
  /** Takes note of an outcome; resolves once the circuit is as it should be. Never rejects. */
  heard(from: HeardOf, outcome: Outcome): Promise<void>;
  /** Sends no more probes, and waits for those under way. */
  close(): Promise<void>;
}

/** Starts the keeper. */
export function keepHealth(parts: HealthKeeperParts): HealthKeeper {
  return new CircuitKeeper(parts);
}

class CircuitKeeper implements HealthKeeper {
  readonly #parts: HealthKeeperParts;
  readonly #streaks = new Map<string, FailureStreak>();
  /** Backends whose circuit is just being changed: nothing more is begun meanwhile. */
  readonly #changing = new Set<string>();
  readonly #probing = new Map<string, Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  constructor(parts: HealthKeeperParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#look(), parts.lookEveryMs ?? usualLookMs);
  }

  isOpen(backend: string): boolean {
    const state = this.#parts.circuits.of(backend)?.state;
    return (state === undefined || state === 'draining') && !this.#changing.has(backend);
  }

  async heard(from: HeardOf, outcome: Outcome): Promise<void> {
    const { slug, deliveryId, isProbe } = from;
    const sign = signOf(outcome);
    const isDown = this.#streak(slug).take(deliveryId, sign);
    if (sign === 'refusing') await this.#change(slug, () => this.#pause(from, outcome));
    else if (isProbe && sign === 'well') await this.#change(slug, () => this.#recover(slug));
    else if (isDown && !isProbe && this.isOpen(slug)) await this.#change(slug, () => this.#trip(slug, outcome));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#probing.values());
  }

  #streak(backend: string): FailureStreak {
    let streak = this.#streaks.get(backend);
    if (!streak) this.#streaks.set(backend, (streak = createFailureStreak()));
    return streak;
  }

  async #change(backend: string, work: () => Promise<void>): Promise<void> {
    this.#changing.add(backend);
    try {
      await work();
    } catch (error) {
      // The next outcome says the same again.
      this.#parts.log.warn({ error, backend }, 'circuit.change_failed');
    }
    this.#changing.delete(backend);
  }

  async #trip(slug: string, outcome: Outcome): Promise<void> {
    const { circuits, log } = this.#parts;
    const cause = causeOf(outcome);
    if (await circuits.open(slug, cause, firstProbeMs)) log.warn({ backend: slug, ...cause }, 'backend.down');
  }

  async #recover(slug: string): Promise<void> {
    const { circuits, log } = this.#parts;
    const since = circuits.of(slug)?.since;
    if (!(await circuits.drain(slug, 'open'))) return;
    const downForMs = since ? Date.now() - since.getTime() : undefined;
    log.info({ backend: slug, downForMs }, 'backend.recovered');
  }

  async #pause({ slug, type }: HeardOf, outcome: Outcome): Promise<void> {
    const { circuits, queues, log } = this.#parts;
    const cause = causeOf(outcome);
    const alert = pausedEvent(slug, type, cause);
    if (!(await circuits.pause(slug, cause, alert))) return;
    log.error({ backend: slug, backendType: type, ...cause }, 'backend.paused');
    await queues.ringRoute([alert.id]);
  }

  #look(): void {
    for (const backend of this.#parts.backends()) {
      const circuit = this.#parts.circuits.of(backend);
      if (circuit?.state !== 'open' || circuit.probeAt.getTime() > Date.now() || this.#probing.has(backend)) continue;
      const done = this.#probe(backend).finally(() => this.#probing.delete(backend));
      this.#probing.set(backend, done);
    }
  }

  async #probe(backend: string): Promise<void> {
    const { circuits, probe, log } = this.#parts;
    try {
      if (await circuits.takeProbe(backend, probeGapsMs)) await probe(backend);
    } catch (error) {
      log.warn({ error, backend }, 'circuit.probe_failed');
    }
  }
}

function causeOf({ reason, detail }: Outcome): CircuitCause {
  return { reason, detail };
}

/** What the operators are told, through the rules like everything else. */
function pausedEvent(slug: string, type: string, { reason, detail }: CircuitCause): NewEvent {
  return {
    id: newId(),
    source: 'vestnik',
    type: 'vestnik.backend.paused',
    subject: slug,
    time: new Date().toISOString(),
    idempotencyKey: undefined,
    correlationKey: undefined,
    data: { backend: slug, backendType: type, reason, ...(detail === undefined ? {} : { detail }) },
    extensions: undefined,
  };
}
