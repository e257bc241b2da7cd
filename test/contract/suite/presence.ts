import { expect, it } from '@jest/globals';
import { mostPresenceAddresses, type PresenceAnswer } from '#backends/kit';
import { closedPort, type PlainBehaviour, type SimulatedPresence } from '#testing/simulators';
import { createServer } from 'node:net';
import type { Bench } from './bench.ts';
import { verdicts, type Abilities } from './failures.ts';

/** Failures of the backend as a whole. The others are about one message, and nothing is sent here. */
const failures: PlainBehaviour[] = ['busy', 'badAuth', 'reset', 'garbage'];

/** Cases about who is online, for the adapters that can tell. */
export function describePresence(bench: () => Bench, { can, aims, presence }: Abilities): void {
  it('is simulated with people who come and go', () => {
    expect(presence).toBe(true);
  });

  describeTelling(bench, () => bench().running.presence!);
  describePresenceFailures(bench, can);

  if (!aims.plain) return;
  it('reports the backend as down when the connection is refused while it asks who is online', async () => {
    const settings = bench().running.settingsAt!({ port: await closedPort(createServer) });
    const answer = await bench().presence(bench().running.presence!.people(1), { settings });
    expect(answer).toMatchObject({ ok: false, outcome: { kind: 'backendDown', reason: 'refused' } });
  });
}

function describeTelling(bench: () => Bench, simulated: () => SimulatedPresence): void {
  it('tells those who are online from those who are offline, and follows them as they come and go', async () => {
    const [first, second] = simulated().people(2) as [string, string];
    expect(await bench().presence([first, second])).toEqual(told([first], [second]));
    simulated().setOnline(first, false);
    simulated().setOnline(second, true);
    expect(await bench().presence([first, second])).toEqual(told([second], [first]));
  });

  it('says nothing of somebody whom the backend does not know', async () => {
    const [first, second] = simulated().people(2) as [string, string];
    const answer = await bench().presence([first, simulated().unknown, second]);
    expect(answer).toEqual(told([first], [second]));
    expect(await bench().presence([simulated().unknown])).toEqual(told([], []));
  });

  it('tells of nobody when asked about nobody, and names nobody twice', async () => {
    expect(await bench().presence([])).toEqual(told([], []));
    const [first] = simulated().people(1) as [string];
    expect(await bench().presence([first, first])).toEqual(told([first], []));
  });

  it('tells of as many at once as the courier may ask about', async () => {
    const people = simulated().people(mostPresenceAddresses);
    const [online, offline] = [0, 1].map((rest) => people.filter((_, index) => index % 2 === rest));
    const mixed = people.toReversed();
    expect(await bench().presence(mixed)).toEqual(told(online!, offline!));
  });
}

function told(online: string[], offline: string[]): PresenceAnswer {
  return { ok: true, online: new Set(online), offline: new Set(offline) };
}

function describePresenceFailures(bench: () => Bench, can: Abilities['can']): void {
  for (const behaviour of failures.filter((kind) => can.has(kind))) {
    it(`answers ${verdicts[behaviour]} to "${behaviour}" when asked who is online, and tells it afterwards`, async () => {
      const people = bench().running.presence!.people(2);
      bench().running.plan(behaviour);
      const answer = await bench().presence(people);
      const outcome = { kind: verdicts[behaviour], reason: expect.stringMatching(/^[A-Za-z0-9_]+$/) };
      expect(answer).toEqual({ ok: false, outcome: expect.objectContaining(outcome) });
      expect(await bench().presence(people)).toEqual(told([people[0]!], [people[1]!]));
    });
  }

  it('never lets a question that is refused be the end of a delivery', async () => {
    const people = bench().running.presence!.people(1);
    for (const behaviour of (['reject', 'offline'] as const).filter((kind) => can.has(kind))) {
      bench().running.plan(behaviour);
      expect(await bench().presence(people)).toMatchObject({ ok: false, outcome: { kind: 'retryable' } });
    }
  });

  it('stops asking who is online when the time is up', async () => {
    const people = bench().running.presence!.people(3);
    bench().running.plan('hang');
    const startedAt = performance.now();
    const answer = await bench().presence(people, { timeoutMs: 100 });
    expect(answer).toMatchObject({ ok: false, outcome: { kind: 'retryable', reason: 'timeout' } });
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  if (!can.has('busyFor')) return;
  it('hands on the wait that is requested of those who ask who is online', async () => {
    bench().running.plan({ kind: 'busyFor', seconds: 7 });
    const answer = await bench().presence(bench().running.presence!.people(1));
    expect(answer).toMatchObject({ ok: false, outcome: { kind: 'retryable', retryAfterMs: 7000 } });
  });
}
