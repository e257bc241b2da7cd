/** What the shape of a schedule cannot say: entries that would never have any effect. */
import { type Fault, type Override, type Rotation, type Schedule } from '#contract';
import { clockOf, instantOfMoment, isZone, type ZoneClock } from './clock.ts';
import { nextOpening } from './weekly.ts';

/** Faults of a schedule, each with its place in it. An empty list: the schedule can work. */
export function checkSchedule({ timeZone, rotations, overrides = [] }: Schedule): Fault[] {
  if (!isZone(timeZone))
    return [{ pointer: '/timeZone', detail: 'is not a known time zone; write one such as Europe/Moscow' }];
  const clock = clockOf(timeZone);
  return [
    ...rotations.flatMap((rotation, index) => checkRotation(rotation, clock, timeZone, `/rotations/${index}`)),
    ...sameNames(rotations),
    ...overrides.flatMap((override, index) => checkOverride(override, clock, `/overrides/${index}`)),
  ];
}

function checkRotation({ starts, until, hours }: Rotation, clock: ZoneClock, timeZone: string, at: string): Fault[] {
  const begin = instantOfMoment(clock, starts);
  const end = until === undefined ? Infinity : instantOfMoment(clock, until);
  if (end <= begin) return [{ pointer: `${at}/until`, detail: `must be later than \`starts\`, which is ${starts}` }];
  const opens = hours && nextOpening({ working: [hours] }, timeZone, new Date(begin));
  if (hours && (opens === undefined || opens.getTime() >= end)) {
    return [
      { pointer: `${at}/hours`, detail: 'never come between `starts` and `until`; widen them, or drop the rotation' },
    ];
  }
  return [];
}

function sameNames(rotations: readonly Rotation[]): Fault[] {
  return rotations.flatMap(({ name }, index) => {
    const first = rotations.findIndex((other) => name !== undefined && other.name === name);
    if (first < 0 || first === index) return [];
    return [{ pointer: `/rotations/${index}/name`, detail: `is taken by rotation ${first}; choose another` }];
  });
}

function checkOverride({ from, to }: Override, clock: ZoneClock, at: string): Fault[] {
  if (instantOfMoment(clock, to) > instantOfMoment(clock, from)) return [];
  return [
    { pointer: `${at}/to`, detail: `must be later than \`from\`, which is ${from} on the clock of the schedule` },
  ];
}
