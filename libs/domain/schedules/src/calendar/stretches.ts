/** Overlapping stretches of a calendar laid side by side. */
import type { Fault, Override } from '#contract';
import { minuteMs, type ZoneClock } from '../clock.ts';
import { faultAt } from './lines.ts';

/** A time in which people are on call. */
export interface Stretch {
  from: number;
  to: number;
  members: string[];
  note: string;
  /** Line of the event. */
  line: number;
}

/** Overrides that a schedule may have. */
export const mostOverrides = 5000;
const mostMembers = 200;
/** Characters of a note, and summaries joined in it. */
const mostNote = 500;
const mostNotes = 20;

interface Piece {
  from: number;
  to: number;
  members: string[];
  note: string;
}

/** Overrides in order and without overlaps: where stretches overlap, all their people are on call. */
export function flatten(stretches: readonly Stretch[], clock: ZoneClock, faults: Fault[]): Override[] {
  const beginning = [...stretches].sort((a, b) => a.from - b.from);
  const ending = [...stretches].sort((a, b) => a.to - b.to);
  const edges = [...new Set(stretches.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  const pieces: Piece[] = [];
  const active = new Active();
  let [begun, ended] = [0, 0];
  for (const [index, from] of edges.entries()) {
    while (ending[ended]?.to === from) active.remove(ending[ended++]!);
    while (beginning[begun]?.from === from) active.add(beginning[begun++]!);
    if (active.isEmpty()) continue;
    lay(pieces, { from, to: edges[index + 1]!, ...active.joined() });
    if (pieces.length <= mostOverrides) continue;
    const detail = `the calendar makes more than ${mostOverrides} overrides; the first are taken; shorten the span`;
    faults.push(faultAt(beginning[begun - 1]!.line, detail));
    break;
  }
  if (active.overfull !== undefined) {
    faults.push(faultAt(active.overfull, `more than ${mostMembers} people at once; only the first are taken`));
  }
  return pieces.slice(0, mostOverrides).map(({ from, to, members, note }) => ({
    from: momentOf(clock, from),
    to: momentOf(clock, to),
    members,
    ...(note === '' ? {} : { note }),
  }));
}

/** What holds at the moment, counted, so that overlapping stretches of the same person end one by one. */
class Active {
  /** Line of a stretch that came when there were too many people already. */
  overfull: number | undefined;
  private readonly members = new Map<string, number>();
  private readonly notes = new Map<string, number>();

  isEmpty(): boolean {
    return this.members.size === 0;
  }

  add({ members, note, line }: Stretch): void {
    for (const member of members) count(this.members, member, 1);
    count(this.notes, note, 1);
    if (this.members.size > mostMembers) this.overfull ??= line;
  }

  remove({ members, note }: Stretch): void {
    for (const member of members) count(this.members, member, -1);
    count(this.notes, note, -1);
  }

  joined(): Pick<Piece, 'members' | 'note'> {
    const note = [...firstOf(this.notes, mostNotes)].join('; ').slice(0, mostNote);
    return { members: [...firstOf(this.members, mostMembers)], note };
  }
}

function count(counts: Map<string, number>, key: string, by: number): void {
  const number = (counts.get(key) ?? 0) + by;
  if (number > 0) counts.set(key, number);
  else counts.delete(key);
}

function* firstOf(counts: ReadonlyMap<string, number>, most: number): Generator<string> {
  for (const key of counts.keys()) {
    if (most-- <= 0) return;
    yield key;
  }
}

function lay(pieces: Piece[], piece: Piece): void {
  const last = pieces.at(-1);
  const goesOn = last?.to === piece.from && last.note === piece.note && last.members.join() === piece.members.join();
  if (goesOn) last.to = piece.to;
  else pieces.push(piece);
}

/** On the clock of the schedule; where that would mean the other showing of the same time, in UTC. */
function momentOf(clock: ZoneClock, instant: number): string {
  const minute = Math.floor(instant / minuteMs) * minuteMs;
  const local = clock.localOf(minute);
  if (clock.instantOf(local) === minute) return new Date(local).toISOString().slice(0, 16);
  return `${new Date(minute).toISOString().slice(0, 16)}Z`;
}
