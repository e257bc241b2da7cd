/** What must stand there before a change is made, so that nobody overwrites what they have not seen. */
import { HouseError } from '#contract';

/** Entity tags without their quotes, or `*` for whatever there is (RFC 9110, 13.1.1 and 13.1.2). */
export type Tags = '*' | readonly string[];

/** Conditions of a change; both absent: it is made whatever stands there. */
export interface Precondition {
  /** What is changed must have one of these tags. */
  ifMatch?: Tags | undefined;
  /** What is changed must have none of these tags; with `*` it must not exist. */
  ifNoneMatch?: Tags | undefined;
}

/** What stands there, as far as a condition asks. */
export interface Present {
  tag: string;
  changedBy?: string;
  changedAt?: Date;
}

/** Throws PRECONDITION_FAILED when `present` (absent: nothing stands there) is not what the caller made sure of. `what` names it in the detail. */
export function insist(condition: Precondition | undefined, what: string, present: Present | undefined): void {
  const { ifMatch, ifNoneMatch } = condition ?? {};
  if (ifMatch !== undefined && !holds(ifMatch, present)) throw refusal(`${what} ${standing(present)}`);
  if (ifNoneMatch !== undefined && holds(ifNoneMatch, present)) throw refusal(`${what} ${standing(present)}`);
}

function holds(tags: Tags, present: Present | undefined): boolean {
  if (!present) return false;
  return tags === '*' || tags.includes(present.tag);
}

function standing(present: Present | undefined): string {
  if (!present) return 'does not exist, or was removed meanwhile';
  const { tag, changedBy, changedAt } = present;
  const last = changedBy && changedAt ? `; \`${changedBy}\` changed it last, at ${changedAt.toISOString()}` : '';
  return `stands at "${tag}" now${last}`;
}

function refusal(sentence: string): HouseError {
  return new HouseError('PRECONDITION_FAILED', { detail: `${sentence}.` });
}
