/** Who belongs to which group, has which role and which attribute. */
import type { Group, Recipient } from '#contract';
import { readMember, type Member } from '#domain/rules';

/**
 * Looks people up by what they have in common. The indices are made when they are first asked for: most changes of a book touch no
 * person, and then the next book takes this whole.
 */
export class People {
  private readonly recipients: ReadonlyMap<string, Recipient>;
  private readonly groups: ReadonlyMap<string, Group>;
  private members: ReadonlyMap<string, readonly Member[]> | undefined;
  private roles: ReadonlyMap<string, readonly string[]> | undefined;
  private attributes: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(recipients: ReadonlyMap<string, Recipient>, groups: ReadonlyMap<string, Group>) {
    this.recipients = recipients;
    this.groups = groups;
  }

  /** Members of a group: those it names, in that order, then those who name it, by slug. `undefined` when there is no such group. */
  membersOf(group: string): readonly Member[] | undefined {
    this.members ??= this.indexMembers();
    return this.members.get(group);
  }

  /** Slugs of those who have a role, in order. */
  withRole(role: string): readonly string[] {
    this.roles ??= this.index((recipient) => recipient.roles ?? []);
    return this.roles.get(role) ?? [];
  }

  /** Slugs of those who have this value of an attribute, in order. */
  withAttribute(name: string, value: string): readonly string[] {
    this.attributes ??= this.index(({ attributes = {} }) =>
      Object.entries(attributes).map(([own, text]) => attributeKey(own, text.trim())),
    );
    return this.attributes.get(attributeKey(name, value)) ?? [];
  }

  private index(keysOf: (recipient: Recipient) => readonly string[]): Map<string, readonly string[]> {
    const index = new Map<string, string[]>();
    for (const slug of [...this.recipients.keys()].sort()) {
      for (const key of new Set(keysOf(this.recipients.get(slug)!))) {
        const slugs = index.get(key);
        if (slugs) slugs.push(slug);
        else index.set(key, [slug]);
      }
    }
    return index;
  }

  /** A group comes into being by being defined, or by a recipient naming it. */
  private indexMembers(): Map<string, readonly Member[]> {
    const naming = this.index((recipient) => recipient.groups ?? []);
    const members = new Map<string, readonly Member[]>();
    for (const slug of new Set([...this.groups.keys(), ...naming.keys()])) {
      const named = (this.groups.get(slug)?.members ?? []).map(readMember);
      const all = named.filter((member): member is Member => typeof member !== 'string');
      const known = new Set(all.map((member) => (member.kind === 'recipient' ? member.slug : undefined)));
      const others = (naming.get(slug) ?? []).filter((name) => !known.has(name));
      members.set(slug, [...all, ...others.map((name): Member => ({ kind: 'recipient', slug: name }))]);
    }
    return members;
  }
}

/** No name of an attribute holds an equals sign, so the two stay apart. */
function attributeKey(name: string, value: string): string {
  return `${name}=${value}`;
}
