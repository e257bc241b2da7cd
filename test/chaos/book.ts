/** The rule book of the chaos run: which type of event goes where. */

/** One sink that is always well, and several that are not. */
export const sinks = ['steady', 'shaky-1', 'shaky-2', 'shaky-3', 'shaky-4'] as const;

/** Sinks that faults may strike. */
export const shakySinks: readonly string[] = sinks.slice(1);

/** Where each type of event must arrive, as `<backend>/<address>`. */
const targets: Record<string, readonly string[]> = {
  'chaos.plain': ['steady/plain'],
  'chaos.shaky.one': ['shaky-1/room'],
  'chaos.shaky.two': ['shaky-2/room'],
  'chaos.shaky.three': ['shaky-3/room'],
  'chaos.both': ['steady/both', 'shaky-1/both'],
  'chaos.inbox': ['inbox/chaos'],
  'chaos.series': ['steady/series', 'shaky-4/series'],
};

/** Types of the unordered load, by how often they are sent. */
export const types: readonly string[] = [
  ...Array<string>(8).fill('chaos.plain'),
  ...Array<string>(3).fill('chaos.shaky.one'),
  ...Array<string>(3).fill('chaos.shaky.two'),
  ...Array<string>(3).fill('chaos.shaky.three'),
  ...Array<string>(2).fill('chaos.both'),
  'chaos.inbox',
];

/** Type of the events that are sent in strict order. */
export const seriesType = 'chaos.series';

/** Where events of a type must arrive. */
export function targetsOf(type: string): readonly string[] {
  return targets[type] ?? [];
}

/** What goes into the rule book, by path. */
export const definitions: Record<string, object> = {
  '/v1/backends/inbox': { type: 'inbox', settings: {} },
  ...Object.fromEntries(
    Object.entries(targets).map(([type, places]) => [
      `/v1/rules/${type.replaceAll('.', '-')}`,
      { match: { type: [type] }, notify: [{ to: places.map((place) => `room:${place}`) }] },
    ]),
  ),
};

/** Retries in the time scale of the run, so that what was unlucky several times is not still waiting at its end. */
export const backend = () => ({ retry: { scheduleSeconds: [1, 2, 5, 5, 10], maxAgeSeconds: 86_400 } });
