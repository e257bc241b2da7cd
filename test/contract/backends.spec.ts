/** Every backend type of the registry against its simulator: one set of cases for all. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { allAdapters } from '#backends/registry';
import { simulators } from '#testing/simulators';
import { findGaps } from './completeness.ts';
import { Bench, type Subject } from './suite/bench.ts';
import { abilitiesOf, describeFailures, type Abilities } from './suite/failures.ts';
import { describeLimits } from './suite/limits.ts';
import { describeManifest, describeSettings } from './suite/manifest.ts';
import { describePresence } from './suite/presence.ts';
import { describeTexts } from './suite/texts.ts';

const subjects: Subject[] = allAdapters().flatMap((adapter) => {
  const simulator = simulators.find((candidate) => candidate.type === adapter.manifest.type);
  return (simulator?.variants ?? []).map((variant) => ({ adapter, simulator: simulator!, variant }));
});

/** What each simulator can play must be known before the cases are named, so each is started once to be asked. */
async function ask(subject: Subject): Promise<Abilities> {
  const running = await subject.simulator.start(subject.variant);
  const abilities = abilitiesOf(running);
  await running.stop();
  return abilities;
}
const abilities = await Promise.all(subjects.map(ask));

it('has a simulator for every backend type of the registry', () => {
  expect(findGaps(allAdapters(), simulators)).toEqual([]);
});

describe.each(allAdapters().map((adapter) => ({ type: adapter.manifest.type, adapter })))(
  'manifest of $type',
  ({ adapter }) => {
    describeManifest(adapter);
  },
);

subjects.forEach((subject, index) => {
  describe(`${subject.adapter.manifest.type} over ${subject.variant}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await Bench.open(subject);
    });
    afterEach(() => bench.running.reset());
    afterAll(() => bench.close());

    describeSettings(subject.adapter, () => bench.running.settings());
    describeTexts(() => bench);
    describeLimits(() => bench);
    describeFailures(() => bench, abilities[index]!);
    if (subject.adapter.presence) describePresence(() => bench, abilities[index]!);
  });
});
