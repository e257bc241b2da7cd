import type { Behaviour, BehaviourKind, PlainBehaviour } from './simulator.ts';

const fine: Behaviour = { kind: 'ok' };

/** The planned answers of a simulator, taken in order; with none left everything is fine. */
export class Script {
  /** What can be planned. */
  readonly can: ReadonlySet<BehaviourKind>;
  private planned: { behaviour: Behaviour; left: number }[] = [];

  constructor(can: readonly BehaviourKind[]) {
    this.can = new Set(can);
  }

  /** Adds a behaviour for the next `times` requests; `Infinity` until `clear`. Throws for one the simulator lacks. */
  plan(planned: Behaviour | PlainBehaviour, times = 1): void {
    const behaviour = typeof planned === 'string' ? { kind: planned } : planned;
    if (!this.can.has(behaviour.kind)) throw new Error(`this simulator cannot play ${behaviour.kind}`);
    this.planned.push({ behaviour, left: times });
  }

  /** Takes the behaviour for one request. */
  take(): Behaviour {
    const next = this.planned[0];
    if (!next) return fine;
    next.left -= 1;
    if (next.left <= 0) this.planned.shift();
    return next.behaviour;
  }

  /** Forgets all plans. */
  clear(): void {
    this.planned = [];
  }
}
