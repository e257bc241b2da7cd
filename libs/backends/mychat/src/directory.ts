/** Who is who on a server: finds the UINs behind addresses, and remembers them for a while. */
import type { SendContext } from '#backends/kit';
import type { Outcome } from '#contract';
import { numberIn, type Answer } from './answer.ts';
import type { Settings } from './manifest.ts';
import { Memory } from './memory.ts';
import { ask, type Learnt, type Question } from './question.ts';

/** Stands for an address that is nobody's. It is the UIN of the robot, which no message is for. */
const nobody = 0;

/** Questions under way at once: as many as messages, by the manifest. */
const atOnce = 4;

/** How long a person, and how long a miss is remembered: a new account should be found soon. */
const remembered = { personMs: 10 * 60_000, missMs: 60_000 };

/** UINs by server and address, for all backends of this process. */
const memory = new Memory<number>(10_000);

/** The greatest UIN, which is a 32-bit integer on the server; a greater one would spoil the whole list it stands in. */
const greatestUin = 2 ** 31 - 1;

/** The UIN that an address consists of: `undefined` when it is a name, 0 when nobody can have that UIN. */
export function uinIn(address: string): number | undefined {
  const digits = /^\s*(\d+)\s*$/.exec(address)?.[1];
  if (digits === undefined) return undefined;
  return Number(digits) <= greatestUin ? Number(digits) : nobody;
}

/** Finds the UINs of those addresses that belong to somebody. One question that fails ends the search. */
export async function findPersons(
  addresses: Iterable<string>,
  settings: Settings,
  ctx: SendContext,
): Promise<Learnt<Map<string, number>>> {
  const left = [...new Set(addresses)];
  const found = new Map<string, number>();
  const failures: Outcome[] = [];
  const search = async () => {
    for (let address = left.pop(); address !== undefined; address = failures.length > 0 ? undefined : left.pop()) {
      const person = await findPerson(address, settings, ctx);
      if ('outcome' in person) failures.push(person.outcome);
      else if (person.value !== nobody) found.set(address, person.value);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, search));
  return failures[0] ? { outcome: failures[0] } : { value: found };
}

async function findPerson(address: string, settings: Settings, ctx: SendContext): Promise<Learnt<number>> {
  const { transport, url, host, port } = settings;
  const key = JSON.stringify([transport === 'rest' ? url : [host, port], address]);
  const known = memory.get(key, ctx.now());
  if (known !== undefined) return { value: known };
  const learnt = await ask(questionAbout(address.trim()), settings, ctx);
  if ('value' in learnt) {
    const { personMs, missMs } = remembered;
    memory.set(key, learnt.value, ctx.now() + (learnt.value === nobody ? missMs : personMs));
  }
  return learnt;
}

function questionAbout(address: string): Question<number> {
  const uin = uinIn(address);
  if (uin !== undefined) return existence(uin);
  const isEmail = address.includes('@') && !address.includes('\\');
  return {
    number: isEmail ? '0006' : '0005',
    members: isEmail ? { Email: address } : { Nick: address },
    read: (answer) => {
      const found = numberIn(answer, 'uin');
      return found === undefined ? undefined : Math.max(found, nobody);
    },
    readError: (outcome) => (outcome.kind === 'permanent' ? nobody : undefined),
  };
}

/** Error 19, UINNotFound: not among those of this command, but what else could it mean. */
const uinNotFound = 19;

/** Asks whether a UIN is somebody's. A server that does not know the question leaves it at what 000F said. */
function existence(uin: number): Question<number> {
  return {
    number: '0007',
    members: { UIN: uin },
    read: (answer) => {
      const isPresent = readFlag(answer, 'present');
      return isPresent === undefined ? undefined : isPresent ? uin : nobody;
    },
    readError: ({ kind, statusCode }) => {
      if (statusCode === undefined || kind === 'authBroken') return undefined;
      return statusCode === uinNotFound ? nobody : uin;
    },
  };
}

function readFlag(answer: Answer, key: string): boolean | undefined {
  const word = String(answer.get(key)).trim().toLowerCase();
  if (word === 'true' || word === '1') return true;
  return word === 'false' || word === '0' ? false : undefined;
}
