import type { AnyAdapter } from '#backends/kit';
import type { Simulator } from '#testing/simulators';

/** What stands between a registry and its simulators: backend types without a simulator, and simulators of no known type. */
export function findGaps(adapters: readonly AnyAdapter[], simulators: readonly Simulator[]): string[] {
  const types = adapters.map((adapter) => adapter.manifest.type);
  const simulated = simulators.map((simulator) => simulator.type);
  return [
    ...types
      .filter((type) => !simulated.includes(type))
      .map((type) => `${type}: no simulator; add one to libs/testing/simulators and to its list`),
    ...simulated.filter((type) => !types.includes(type)).map((type) => `${type}: simulated, but not in the registry`),
    ...types.filter((type, index) => types.indexOf(type) !== index).map((type) => `${type}: registered twice`),
  ];
}
