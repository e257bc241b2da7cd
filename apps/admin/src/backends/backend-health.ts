import { HouseError, type Backend, type BackendHealth } from '#contract';
import { RUNTIME, type Runtime } from '#platform/runtime';
import { createReading, recordChange, type Circuit, type Reading, type WaitingRoom } from '#platform/store';
import { Inject, Injectable } from '@nestjs/common';

/** Tells how the backends are, and lets one that refused us be tried again. */
@Injectable()
export class BackendHealthDesk {
  readonly #runtime: Runtime;
  readonly #reading: Reading;

  constructor(@Inject(RUNTIME) runtime: Runtime) {
    this.#runtime = runtime;
    this.#reading = createReading(runtime.database);
  }

  /** All backends of the book by name, as they are now. */
  async all(): Promise<BackendHealth[]> {
    const { book, circuits } = this.#runtime;
    const [rooms] = await Promise.all([this.#reading.waiting(), circuits.refresh(), this.#freshBook()]);
    return [...book.current().backends]
      .map(([slug, backend]) => healthOf(slug, backend, circuits.of(slug), rooms.get(slug)))
      .sort((a, b) => (a.backend < b.backend ? -1 : 1));
  }

  /** Lets a backend that refused us be sent to again, what waited first. Throws NOT_FOUND, and STATE_CONFLICT when it is not paused so. */
  async resume(slug: string, actor: string): Promise<void> {
    const { book, circuits, database } = this.#runtime;
    await this.#freshBook();
    const backend = book.current().backends.get(slug);
    if (!backend) throw new HouseError('NOT_FOUND', { detail: `There is no backend \`${slug}\`.` });
    if (backend.paused)
      throw new HouseError('STATE_CONFLICT', {
        detail: `The backend is paused by its own settings. PUT it with \`paused: false\`.`,
      });
    if (!(await circuits.drain(slug, 'paused')))
      throw new HouseError('STATE_CONFLICT', { detail: 'The backend is not paused: there is nothing to resume.' });
    await recordChange(database.pool, { actor, action: 'resume', noun: 'backend', name: slug });
  }

  /** What was saved a moment ago counts, whether this process has heard of it yet or not. */
  async #freshBook(): Promise<void> {
    const { book, definitions } = this.#runtime;
    await book.atLeast(await definitions.version());
  }

  /** A message was just taken by the backend, so it is well, whatever was thought of it. */
  async proven(slug: string): Promise<void> {
    const state = this.#runtime.circuits.of(slug)?.state;
    if (state === 'open' || state === 'paused') await this.#runtime.circuits.drain(slug, state);
  }
}

const stateNames = { open: 'down', draining: 'draining', paused: 'paused' } as const;

function healthOf(
  backend: string,
  { paused }: Backend,
  circuit: Circuit | undefined,
  room: WaitingRoom | undefined,
): BackendHealth {
  return {
    backend,
    state: 'up',
    ...(circuit ? tellCircuit(circuit) : {}),
    ...(paused ? { state: 'paused' as const, reason: 'settings_paused' } : {}),
    waiting: room?.waiting ?? 0,
    held: room?.held ?? 0,
    ...(room ? { oldestWaitingAt: room.oldestAt.toISOString() } : {}),
  };
}

function tellCircuit({
  state,
  reason,
  detail,
  since,
  probeAt,
}: Circuit): Omit<BackendHealth, 'backend' | 'waiting' | 'held'> {
  return {
    state: stateNames[state],
    reason,
    ...(detail === null ? {} : { detail }),
    since: since.toISOString(),
    ...(state === 'open' ? { nextProbeAt: probeAt.toISOString() } : {}),
  };
}
