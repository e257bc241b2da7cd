import { presenceFailed, type PresenceAnswer, type SendContext } from '#backends/kit';
import { refuseAddress } from './address.ts';
import type { Answer } from './answer.ts';
import { findPersons, uinIn } from './directory.ts';
import type { Settings } from './manifest.ts';
import { ask, type Learnt } from './question.ts';

/** UINs in one command: of any length they fit into a URL that is sent as GET. */
const uinsPerCommand = 100;

/** Status of somebody who is offline; 0 is free, 1 away, 2 not to be disturbed. */
const offlineStatus = -1;

/**
 * Asks who is online (command 000F). Names are turned into UINs first; of a UIN that is said to be offline it is made sure
 * that somebody has it, for the server says the same of those that it does not know.
 */
export async function presence(
  addresses: readonly string[],
  settings: Settings,
  ctx: SendContext,
): Promise<PresenceAnswer> {
  const persons = addresses.filter((address) => refuseAddress(address, 'person') === undefined);
  const names = persons.filter((address) => uinIn(address) === undefined);
  const found = await findPersons(names, settings, ctx);
  if ('outcome' in found) return presenceFailed(found.outcome);
  const uinOf = (address: string) => uinIn(address) ?? found.value.get(address) ?? 0;
  const statuses = await statusesOf(new Set(persons.map(uinOf).filter((uin) => uin > 0)), settings, ctx);
  if ('outcome' in statuses) return presenceFailed(statuses.outcome);
  const statusOf = (address: string) => statuses.value.get(uinOf(address)) ?? NaN;
  const offline = persons.filter((address) => statusOf(address) === offlineStatus);
  const doubtful = offline.filter((address) => uinIn(address) !== undefined);
  const known = await findPersons(doubtful, settings, ctx);
  if ('outcome' in known) return presenceFailed(known.outcome);
  const isKnown = (address: string) => uinIn(address) === undefined || known.value.has(address);
  return {
    ok: true,
    online: new Set(persons.filter((address) => statusOf(address) > offlineStatus)),
    offline: new Set(offline.filter(isKnown)),
  };
}

async function statusesOf(
  uins: ReadonlySet<number>,
  settings: Settings,
  ctx: SendContext,
): Promise<Learnt<Map<number, number>>> {
  const left = [...uins];
  const statuses = new Map<number, number>();
  while (left.length > 0) {
    const asked = left.splice(0, uinsPerCommand);
    const read = (answer: Answer) => readStatuses(answer, asked);
    const learnt = await ask({ number: '000F', members: { UINS: asked.join(',') }, read }, settings, ctx);
    if ('outcome' in learnt) return learnt;
    for (const [uin, status] of learnt.value) statuses.set(uin, status);
  }
  return { value: statuses };
}

/** Statuses by UIN, when the answer has one for every UIN that was asked about. */
function readStatuses(answer: Answer, asked: readonly number[]): Map<number, number> | undefined {
  const statuses = numbersIn(answer.get('statuses'));
  // The statuses stand in the order of the UINs, which are repeated.
  const uins = answer.has('uins') ? numbersIn(answer.get('uins')) : asked;
  if (!statuses || !uins || statuses.length !== uins.length) return undefined;
  const told = new Map(uins.map((uin, index) => [uin, statuses[index]!]));
  return asked.every((uin) => told.has(uin)) ? told : undefined;
}

/** Whole numbers, separated by commas. */
function numbersIn(member: unknown): number[] | undefined {
  const words = String(member).split(',');
  return words.every((word) => /^\s*-?\d+\s*$/.test(word)) ? words.map(Number) : undefined;
}
