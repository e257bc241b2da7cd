/** The commands of the Integration API that the simulator knows, with the error numbers of the vendor's pages. */
import type { User, World } from './world.ts';

/** Members of a command or an answer. */
export type Members = Record<string, unknown>;

/** A refusal: the error number and what the answer tells besides. */
export interface Refusal {
  error: number;
  extra?: Members;
}

type Result = { members: Members } | Refusal;
type Run = (members: Members, world: World) => Result;

function present(members: Members, ...names: string[]): Refusal | undefined {
  for (const name of names) {
    if (members[name] === undefined) return { error: 10, extra: { Param: name } };
    if (members[name] === '') return { error: 47, extra: { Param: name } };
  }
  return undefined;
}

/** An empty or blank text is error 4; only an absent one counts as an absent parameter. */
function textFault(text: unknown): Refusal | undefined {
  if (text === undefined) return { error: 10, extra: { Param: 'Msg' } };
  return String(text).trim() === '' ? { error: 4 } : undefined;
}

function sender(members: Members, world: World): User | Refusal {
  const reference = members['UserFrom'] === undefined || members['UserFrom'] === '' ? '0' : String(members['UserFrom']);
  return world.findUser(reference) ?? { error: reference.includes('\\') ? 12 : 2, extra: { User: reference } };
}

const sendPrivateMessage: Run = (members, world) => {
  const fault = present(members, 'UserTo') ?? textFault(members['Msg']);
  if (fault) return fault;
  let from = sender(members, world);
  if ('error' in from) return from;
  const addressedAs = String(members['UserTo']);
  const to = world.findUser(addressedAs);
  if (!to) return { error: addressedAs.includes('\\') ? 11 : 3, extra: { User: addressedAs } };
  if (to.uin === from.uin) {
    if (world.quirks.selfSend === 'refuse') return { error: 17 };
    from = world.users[0]!;
  }
  const at = Date.now();
  world.said.add({
    from: from.uin,
    to: { uin: to.uin },
    addressedAs,
    text: String(members['Msg']),
    at,
    ...(to.status === -1 ? {} : { handedOverAt: at }),
    ...(members['context'] === undefined ? {} : { context: String(members['context']) }),
  });
  return { members: { UINTo: to.uin, State: to.status } };
};

const sendChannelMessage: Run = (members, world) => {
  const fault = present(members, 'UID') ?? textFault(members['Msg']);
  if (fault) return fault;
  const from = sender(members, world);
  if ('error' in from) return from;
  const uid = Number(members['UID']);
  const room = world.findRoom(uid);
  if (!room) return { error: 6, extra: { UID: uid } };
  if (from.uin !== 0 && (from.status === -1 || !room.members.has(from.uin))) return { error: 7 };
  const context = members['context'] === undefined ? {} : { context: String(members['context']) };
  const addressedAs = String(members['UID']);
  world.said.add({
    from: from.uin,
    to: { uid },
    addressedAs,
    text: String(members['Msg']),
    at: Date.now(),
    ...context,
  });
  return { members: { UINFrom: from.uin, UID: uid } };
};

const isOnline: Run = (members, world) => {
  const fault = present(members, 'UIN');
  if (fault) return fault;
  const user = userByUin(members['UIN'], world);
  return user ? { members: { UIN: user.uin, Online: user.status !== -1 } } : { error: 19 };
};

const statusList: Run = (members, world) => {
  const fault = present(members, 'UINS');
  if (fault) return fault;
  const uins = String(members['UINS']);
  if (!uins.split(',').every(isUin)) return { error: 21 };
  const statuses = uins.split(',').map((uin) => userByUin(uin, world)?.status ?? -1);
  return { members: { UINS: uins, Statuses: statuses.join(',') } };
};

/** A UIN is a 32-bit integer; which error a list with anything else gets is not known for certain. */
function isUin(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) < 2 ** 31;
}

const byNick: Run = (members, world) => {
  if (members['Nick'] === '') return { error: 18 };
  const fault = present(members, 'Nick');
  if (fault) return fault;
  const user = world.findByNick(members['Nick']);
  if (user) return { members: { UIN: user.uin } };
  const [nick, domain] = String(members['Nick']).split('\\').reverse();
  return { error: domain === undefined ? 8 : 43, extra: { Nick: nick, Domain: domain ?? '' } };
};

const byEmail: Run = (members, world) => {
  if (!members['Email']) return { error: 23 };
  const user = world.findByEmail(members['Email']);
  return user ? { members: { UIN: user.uin } } : { error: 20 };
};

const uinExists: Run = (members, world) => {
  if (members['UIN'] === undefined) return { error: 24 };
  return { members: { UIN: Number(members['UIN']), Present: userByUin(members['UIN'], world) !== undefined } };
};

const channelInfo: Run = (members, world) => {
  const fault = present(members, 'UID');
  if (fault) return fault;
  const room = world.findRoom(Number(members['UID']));
  if (!room) return { error: 6, extra: { UID: Number(members['UID']) } };
  return { members: { UID: room.uid, Name: room.name, Topic: room.topic } };
};

const serverInfo: Run = () => ({ members: { Name: 'MyChat simulator', AdminName: 'Elisa', Uptime: '0:00:01:00' } });

function userByUin(uin: unknown, world: World): User | undefined {
  return world.users.find((user) => user.uin === Number(uin));
}

const commands: Record<string, Run> = {
  '0002': sendPrivateMessage,
  '0003': isOnline,
  '0004': sendChannelMessage,
  '0005': byNick,
  '0006': byEmail,
  '0007': uinExists,
  '000A': channelInfo,
  '000E': serverInfo,
  '000F': statusList,
};

/** Runs a command; the integration switch and the key are checked before anything else. */
export function run(command: string, members: Members, world: World): Result {
  if (!world.apiEnabled) return { error: 9 };
  if (String(members['ServerKey'] ?? '') !== world.key) return { error: 5 };
  world.asked.add({ command: command.toUpperCase(), members });
  const known = commands[command.toUpperCase()];
  return known ? known(members, world) : { error: 21 };
}
