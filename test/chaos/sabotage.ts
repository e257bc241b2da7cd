/** Carries out a schedule of faults on a world, and remembers what was broken when. */
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Breakable } from './servers.ts';
import { sinkFaults, type Fault, type SinkFault } from './schedule.ts';
import type { World } from './world.ts';

/** A fault as it really was. */
export interface Disturbance extends Fault {
  /** In milliseconds since 1970. */
  from: number;
  /** Infinity while it lasts. */
  to: number;
}

/** Breaks things and mends them. */
export class Sabotage {
  /** All faults so far. */
  readonly struck: Disturbance[] = [];
  /** Faults that could not be carried out; a defect of the harness or of a server's start. */
  readonly problems: string[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** What is broken now. */
  get present(): Disturbance[] {
    return this.struck.filter((one) => one.to === Infinity);
  }

  /** Carries out a schedule; resolves when all is mended, which after an abort is soon. */
  async run(faults: readonly Fault[], signal: AbortSignal): Promise<void> {
    const startedAt = Date.now();
    const waitUntil = (ms: number) => pause(Math.max(0, startedAt + ms - Date.now()), undefined, { signal });
    const strikes = faults.map(async (fault) => {
      try {
        await waitUntil(fault.atMs);
      } catch {
        // Aborted before its time.
        return;
      }
      await this.strike(fault, signal).catch((error: unknown) =>
        this.problems.push(`${fault.kind} ${fault.target}: ${String(error)}`),
      );
    });
    await Promise.all(strikes);
  }

  /** Carries out one fault; resolves when it is mended. */
  async strike(fault: Fault, signal: AbortSignal): Promise<void> {
    const disturbance: Disturbance = { ...fault, from: Date.now(), to: Infinity };
    this.struck.push(disturbance);
    const last = () => pause(fault.durationMs, undefined, { signal }).catch(() => undefined);
    try {
      const mend = await this.#break(fault);
      await last();
      await mend();
    } finally {
      disturbance.to = Date.now();
    }
  }

  /** Breaks something; answers what mends it. */
  async #break({ kind, target }: Fault): Promise<() => Promise<void>> {
    if (isSinkFault(kind)) {
      const sink = this.#world.sinks.find(({ name }) => name === target)!;
      await sink.behave(kind);
      return () => sink.behave(undefined);
    }
    if (kind === 'flush') await flushRedis(this.#world.redis.url);
    if (kind === 'flush') return () => Promise.resolve();
    if (kind === 'kill' || kind === 'freeze') return this.#breakProcess(kind, target);
    const server = this.#world[kind] as Breakable;
    await server.kill();
    return () => server.start();
  }

  async #breakProcess(kind: 'kill' | 'freeze', target: string): Promise<() => Promise<void>> {
    const found = this.#world.processes.find(({ name }) => name === target)!;
    if (kind === 'kill') await found.kill('SIGKILL');
    else found.freeze();
    return async () => (kind === 'freeze' ? found.thaw() : undefined);
  }
}

function isSinkFault(kind: string): kind is SinkFault {
  return (sinkFaults as readonly string[]).includes(kind);
}

/** Empties a Redis. Rejects when it does not answer. */
export function flushRedis(url: string): Promise<void> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write('FLUSHALL\r\n'));
    socket.setTimeout(5000, () => socket.destroy(new Error('Redis does not answer.')));
    socket.once('error', reject);
    socket.once('data', () => {
      socket.destroy();
      resolve();
    });
  });
}
