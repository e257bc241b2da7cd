/** Finds the people behind a target: members, those with a role, those on call, those who follow. */
import { onCall } from '#domain/schedules';
import type { Member, Target } from '#domain/rules';
import type { CompiledBook } from './book.ts';
import { nameOf } from './ready.ts';

/** What a plan depends on besides the book and the event. */
export interface Circumstances {
  /** The moment of planning: who is on call, and which hours are open. */
  now: Date;
  /** Who follows each subject that `followedSubjects` named, in order. */
  followers: ReadonlyMap<string, readonly string[]>;
  /** `false`: only who is told is asked for, so messages stay empty, and correlation keys are those of the event. */
  texts?: boolean;
}

/** Whom a target means, as long as it is no room. */
export type PeopleTarget = Exclude<Target, { kind: 'room' }>;

/** What is done with the people that are found. */
export interface Finding {
  /** A person, and the way from the rule to them. The person need not exist. */
  person(slug: string, way: readonly string[]): void;
  /** A part of the target that leads to nobody, as the end of a sentence. */
  nobody(why: string): void;
}

/** Finds the people behind targets, in the circumstances of one plan. */
export class Finder {
  private readonly book: CompiledBook;
  private readonly circumstances: Circumstances;

  constructor(book: CompiledBook, circumstances: Circumstances) {
    this.book = book;
    this.circumstances = circumstances;
  }

  /** Tells `finding` of everyone behind a target; `way` is how the target was reached, itself included. */
  find(target: PeopleTarget, way: readonly string[], finding: Finding): void {
    switch (target.kind) {
      case 'group':
        return this.findGroup(target.slug, way, finding);
      case 'attribute':
        return this.each(
          this.book.people.withAttribute(target.name, target.value),
          way,
          finding,
          () => `nobody has the attribute ${target.name}=${target.value}`,
        );
      case 'followers':
        return this.each(
          this.circumstances.followers.get(target.subject) ?? [],
          way,
          finding,
          () => `nobody follows ${target.subject}`,
        );
      default:
        this.findMember(target, way, finding);
    }
  }

  private findMember(member: Exclude<Member, { kind: 'group' }>, way: readonly string[], finding: Finding): void {
    if (member.kind === 'recipient') finding.person(member.slug, way);
    else if (member.kind === 'schedule') this.findSchedule(member.slug, way, finding);
    else this.each(this.book.people.withRole(member.role), way, finding, () => `nobody has the role ${member.role}`);
  }

  /** Depth first, without recursion: a group may name one that names it, and is gone through once, however deep it lies. */
  private findGroup(slug: string, way: readonly string[], finding: Finding): void {
    const visited = new Set([slug]);
    const open = [{ members: this.membersOf(slug, finding), next: 0, way }];
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const member = top.members[top.next];
      top.next += 1;
      if (!member) open.pop();
      else if (member.kind === 'recipient') finding.person(member.slug, top.way);
      else if (member.kind !== 'group') this.findMember(member, further(top.way, member), finding);
      else if (!visited.has(member.slug)) {
        visited.add(member.slug);
        open.push({ members: this.membersOf(member.slug, finding), next: 0, way: further(top.way, member) });
      }
    }
  }

  private membersOf(group: string, finding: Finding): readonly Member[] {
    const members = this.book.people.membersOf(group);
    if (!members) finding.nobody(`there is no group ${group}`);
    else if (members.length === 0) finding.nobody(`the group ${group} has no members`);
    return members ?? [];
  }

  private findSchedule(slug: string, way: readonly string[], finding: Finding): void {
    const schedule = this.book.schedules.get(slug);
    if (!schedule) return finding.nobody(`there is no schedule ${slug}`);
    this.each(
      onCall(schedule, this.circumstances.now).members,
      way,
      finding,
      () => `nobody is on call in the schedule ${slug}`,
    );
  }

  private each(slugs: readonly string[], way: readonly string[], finding: Finding, why: () => string): void {
    if (slugs.length === 0) finding.nobody(why());
    for (const slug of slugs) finding.person(slug, way);
  }
}

/** Most steps that a way tells of; nobody reads further. */
const longestWay = 20;

function further(way: readonly string[], member: Member): readonly string[] {
  return way.length < longestWay ? [...way, nameOf(member)] : way;
}
