/** Whom a rule tells, as it is written in `to`. */

/** Whom one `to` names, once any Liquid in it is rendered. */
export type Target =
  { kind: 'recipient'; slug: string } | { kind: 'group'; slug: string } | { kind: 'room'; backend: string; to: string };

const form = 'must be recipient:<slug>, group:<slug> or room:<backend>/<address>';

/** Reads a `to` without Liquid; answers a sentence of refusal when it has none of the three forms. */
export function readTarget(text: string): Target | string {
  const trimmed = text.trim();
  const colon = trimmed.indexOf(':');
  const kind = trimmed.slice(0, Math.max(colon, 0));
  const name = trimmed.slice(colon + 1).trim();
  if (kind === 'recipient' || kind === 'group') {
    return name === '' ? `names no ${kind} after the colon; ${form}` : { kind, slug: name };
  }
  if (kind !== 'room') return form;
  const slash = name.indexOf('/');
  const [backend, to] = [name.slice(0, Math.max(slash, 0)).trim(), name.slice(slash + 1).trim()];
  return backend === '' || to === ''
    ? `must name a room as room:<backend>/<address>, such as room:mychat-hq/Sales`
    : { kind, backend, to };
}

/** Tells whether a text holds Liquid, so that what it says depends on the event. */
export function hasLiquid(text: string): boolean {
  return text.includes('{{') || text.includes('{%');
}
