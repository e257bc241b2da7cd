/** Whom a rule tells, as it is written in `to`, and who belongs to a group, as it is written in `members`. */
import { roleName } from '#contract';

/** What a name alone leads to: a recipient, or those who stand behind a group or a schedule. */
type NamedKind = 'recipient' | 'group' | 'schedule';

/** Whom one `to` names, once any Liquid in it is rendered. */
export type Target =
  | { [Kind in NamedKind]: { kind: Kind; slug: string } }[NamedKind]
  | { kind: 'role'; role: string }
  | { kind: 'attribute'; name: string; value: string }
  | { kind: 'followers'; subject: string }
  | { kind: 'room'; backend: string; to: string };

/** A member of a group: what of a target may stand in one. */
export type Member = Extract<Target, { kind: NamedKind | 'role' }>;

const kinds = ['recipient', 'group', 'role', 'schedule', 'attr', 'followers', 'room'] as const;
const form =
  'must be recipient:<slug>, group:<slug>, role:<role>, schedule:<slug>, attr:<name>=<value>, followers:<subject> or ' +
  'room:<backend>/<address>';
const memberForm = 'must be a recipient by slug, or group:<slug>, role:<role> or schedule:<slug>';

/** Longest value of an attribute and longest followed subject, in characters; what is stored is no longer. */
const mostChars = 512;

/** Reads a `to` without Liquid; answers a sentence of refusal when it has none of the forms. */
export function readTarget(text: string): Target | string {
  const trimmed = text.trim();
  const colon = trimmed.indexOf(':');
  const kind = trimmed.slice(0, Math.max(colon, 0));
  const name = trimmed.slice(colon + 1).trim();
  switch (kind) {
    case 'recipient':
    case 'group':
    case 'schedule':
      return name === '' ? `names no ${kind} after the colon; ${form}` : { kind, slug: name };
    case 'role':
      return readRole(name);
    case 'attr':
      return readAttribute(name);
    case 'followers':
      return readFollowers(name);
    case 'room':
      return readRoom(name);
    default:
      return form;
  }
}

/** Reads a member of a group; answers a sentence of refusal when it has none of the forms. */
export function readMember(text: string): Member | string {
  const trimmed = text.trim();
  if (!trimmed.includes(':')) return trimmed === '' ? memberForm : { kind: 'recipient', slug: trimmed };
  const target = readTarget(trimmed);
  if (typeof target === 'string') return target === form ? memberForm : target;
  const fits = target.kind !== 'attribute' && target.kind !== 'followers' && target.kind !== 'room';
  return fits ? target : memberForm;
}

/** Tells whether a text holds Liquid, so that what it says depends on the event. */
export function hasLiquid(text: string): boolean {
  return text.includes('{{') || text.includes('{%');
}

/** The kind that a `to` begins with, whatever comes after the colon; `undefined` when it begins with none. */
export function kindOf(text: string): (typeof kinds)[number] | undefined {
  const word = text.slice(0, Math.max(text.indexOf(':'), 0)).trim();
  return kinds.find((kind) => kind === word);
}

function readRole(role: string): Target | string {
  if (role === '') return `names no role after the colon; ${form}`;
  return roleName.safeParse(role).success
    ? { kind: 'role', role }
    : 'must name a role of 1 to 128 characters without braces, such as role:storekeeper';
}

function readAttribute(text: string): Target | string {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0)).trim();
  const value = text.slice(equals + 1).trim();
  const isWhole = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(name) && value !== '' && value.length <= mostChars;
  return isWhole
    ? { kind: 'attribute', name, value }
    : 'must name an attribute and its value as attr:<name>=<value>, such as attr:employeeNo=0815';
}

function readFollowers(subject: string): Target | string {
  if (subject === '') return `names no subject after the colon; ${form}`;
  if (subject.length > mostChars) return `must name a subject of at most ${mostChars} characters`;
  return { kind: 'followers', subject };
}

function readRoom(name: string): Target | string {
  const slash = name.indexOf('/');
  const [backend, to] = [name.slice(0, Math.max(slash, 0)).trim(), name.slice(slash + 1).trim()];
  return backend === '' || to === ''
    ? `must name a room as room:<backend>/<address>, such as room:mychat-hq/Sales`
    : { kind: 'room', backend, to };
}
