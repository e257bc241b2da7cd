/** A plan in the making: rule by rule, step by step, person by person. */
import type { Address, EventFacts, Message, NotifyStep, Recipient, RetryPolicy, TrailEntry } from '#contract';
import { renderText } from '#domain/message';
import { readTarget, type Target } from '#domain/rules';
import type { CompiledBook } from './book.ts';
import { Finder, type Circumstances, type Finding } from './find.ts';
import { RuleHours } from './hours.ts';
import type { PlanningRule } from './match.ts';
import { Notes, wordsOf } from './notes.ts';
import type { PlannedDelivery, PlannedRoute } from './plan.ts';
import { readyRule, wayOf, type ReadyStep, type ReadyTarget } from './ready.ts';
import { Texts, viewFor, type Reader } from './texts.ts';
import { Trail } from './trail.ts';

/** How long one address is tried before the next when the rule does not say, in seconds. */
const defaultGiveUpSeconds = 300;
/** The message where no texts are asked for. */
const unwritten: Message = { markdown: '' };
/** Most reasons that one note quotes. */
const quotedReasons = 3;

/** What all deliveries of one rule share. */
interface RuleContext {
  slug: string;
  rule: PlanningRule;
  correlationKey: string | undefined;
  /** Absent for rules that do not wait for hours. */
  hours: RuleHours | undefined;
  /** Whether anybody was found whom it may tell, told already or not. */
  found: boolean;
  /** Why parts of its targets lead to nobody. */
  lacks: string[];
  /** Whom the trail has for this rule without a delivery. */
  mentioned: Set<string> | undefined;
}

interface Addressed {
  backend: string;
  to: string;
  toKind: PlannedDelivery['toKind'];
  reader?: Reader;
  fallbacks: readonly Address[];
  /** ISO 8601. */
  notBefore: string | undefined;
}

/** A plan in the making. */
export class Plan {
  readonly deliveries: PlannedRoute[] = [];
  readonly notes = new Notes();
  readonly trail = new Trail();
  private readonly book: CompiledBook;
  private readonly event: EventFacts;
  private readonly now: Date;
  /** Absent: nothing is rendered but targets. */
  private readonly texts: Texts | undefined;
  private readonly finder: Finder;
  /** Rule by address that it tells: one address hears of an event once. */
  private readonly told = new Map<string, string>();
  /** Rule by person whom it tells: only within it may a person hear of the event at several addresses. */
  private readonly tellers = new Map<string, string>();

  constructor(book: CompiledBook, event: EventFacts, circumstances: Circumstances) {
    this.book = book;
    this.event = event;
    this.now = circumstances.now;
    this.texts = circumstances.texts === false ? undefined : new Texts(book, event, this.notes);
    this.finder = new Finder(book, circumstances);
  }

  /** Adds the deliveries of a matched rule; where it finds nobody, those of its `otherwise` or of the book's `catchAll`. */
  addRule(slug: string, rule: PlanningRule): void {
    if (rule.notify === undefined) return;
    const ready = readyRule(rule);
    const hours = rule.priority === 'critical' ? undefined : new RuleHours(rule, this.now, this.book.timeZone);
    const correlationKey = this.correlationKey(slug, rule);
    const context: RuleContext = { slug, rule, correlationKey, hours, found: false, lacks: [], mentioned: undefined };
    this.tell(context, ready.notify);
    if (!context.found) this.tellOthers(context, ready.otherwise);
  }

  private tellOthers(context: RuleContext, otherwise: readonly ReadyStep[]): void {
    const { catchAll } = this.book;
    const { slug, lacks } = context;
    const more = lacks.length > quotedReasons ? '; …' : '';
    const why = lacks.length > 0 ? ` (${lacks.slice(0, quotedReasons).join('; ')}${more})` : '';
    const nor = otherwise.length > 0 ? ', nor did its `otherwise`' : '';
    this.tell(context, otherwise);
    if (context.found) return this.notes.insist(`Rule ${slug} found nobody${why}, so its \`otherwise\` was told.`);
    this.tell(context, catchAll);
    if (context.found) {
      return this.notes.insist(`Rule ${slug} found nobody${why}${nor}, so the book's \`catchAll\` was told.`);
    }
    if (catchAll.length > 0) {
      return this.notes.insist(
        `Rule ${slug} found nobody${why}${nor}, nor did the book's \`catchAll\`: nobody was told.`,
      );
    }
    this.notes.insist(`Rule ${slug} found nobody${why}${nor}, and the book has no \`catchAll\`: nobody was told.`);
  }

  private tell(context: RuleContext, steps: readonly ReadyStep[]): void {
    for (const { step, targets } of steps) {
      const finding: Finding = {
        person: (slug, way) => this.addRecipient(context, step, slug, way),
        nobody: (why) => this.lack(context, why),
      };
      for (const ready of targets) {
        const resolved = this.resolve(context, ready);
        if (!resolved) continue;
        if (resolved.target.kind === 'room') this.addRoom(context, step, resolved.target, resolved.way);
        else this.finder.find(resolved.target, resolved.way, finding);
      }
    }
  }

  private correlationKey(slug: string, rule: PlanningRule): string | undefined {
    if (rule.correlate === undefined || !this.texts) return this.event.correlationKey;
    try {
      return renderText(rule.correlate, viewFor(this.event, slug)).trim() || this.event.correlationKey;
    } catch (error) {
      this.notes.add(
        `Rule ${slug}: its correlation key could not be rendered (${wordsOf(error)}); the key of the event was used.`,
      );
      return this.event.correlationKey;
    }
  }

  private resolve(context: RuleContext, ready: ReadyTarget): { target: Target; way: readonly string[] } | undefined {
    const { target, text, way } = 'target' in ready ? ready : this.render(context, ready.text);
    if (typeof target !== 'string') return { target, way };
    if (target === '') return undefined;
    const shown = text === ready.text ? text : `${ready.text}, which gave ${JSON.stringify(text)}`;
    this.lack(context, `nobody was told by ${shown}: it ${target}`);
    return undefined;
  }

  /** What a text with Liquid means for this event; an empty `target` where it could not be rendered, which is noted. */
  private render(
    context: RuleContext,
    liquid: string,
  ): { target: Target | string; text: string; way: readonly string[] } {
    try {
      const text = renderText(liquid, viewFor(this.event, context.slug));
      const target = readTarget(text);
      return { target, text, way: wayOf(target) };
    } catch (error) {
      this.lack(context, `nobody was told by ${liquid}, which could not be rendered (${wordsOf(error)})`);
      return { target: '', text: liquid, way: [] };
    }
  }

  private lack(context: RuleContext, why: string): void {
    this.notes.add(`Rule ${context.slug}: ${why}.`);
    context.lacks.push(why);
  }

  private addRoom(
    context: RuleContext,
    step: NotifyStep,
    { backend, to }: { backend: string; to: string },
    way: readonly string[],
  ): void {
    const room = `${backend}/${to}`;
    if (!this.book.backends.has(backend)) {
      this.lack(context, `there is no backend ${backend} for the room ${to}`);
      return this.mention(context, { room, through: way, outcome: 'unknown' });
    }
    context.found = true;
    const notBefore = this.notBefore(context, undefined, room);
    const by = this.add(context, step, { backend, to, toKind: 'room', fallbacks: [], notBefore });
    if (by !== undefined) this.mention(context, { room, through: way, outcome: 'alreadyTold', by });
    else this.follow(context, { room }, way, notBefore);
  }

  private addRecipient(context: RuleContext, step: NotifyStep, slug: string, way: readonly string[]): void {
    const recipient = this.book.recipients.get(slug);
    if (!recipient) {
      this.lack(context, `there is no recipient ${slug}`);
      return this.mention(context, { recipient: slug, through: way, outcome: 'unknown' });
    }
    const teller = this.tellers.get(slug);
    if (teller !== undefined && teller !== context.slug) {
      context.found = true;
      return this.mention(context, { recipient: slug, through: way, outcome: 'alreadyTold', by: teller });
    }
    const candidates = this.candidates(recipient, step.via);
    if (candidates.length === 0) {
      this.lack(context, `${slug} ${this.lackOf(recipient, step.via)}`);
      return this.mention(context, { recipient: slug, through: way, outcome: 'noAddress' });
    }
    context.found = true;
    this.addPerson(context, step, { slug, recipient }, candidates, way);
  }

  private addPerson(
    context: RuleContext,
    step: NotifyStep,
    reader: Reader,
    candidates: readonly Address[],
    way: readonly string[],
  ): void {
    const { slug, recipient } = reader;
    const [first, ...others] = candidates;
    const notBefore = this.notBefore(context, recipient, slug);
    const tried = step.strategy === 'first' ? [first!] : candidates;
    const fallbacks = step.strategy === 'first' ? others : [];
    let by: string | undefined;
    let isTold = false;
    for (const address of tried) {
      const { backend, to } = address;
      const earlier = this.add(context, step, { backend, to, toKind: 'person', reader, fallbacks, notBefore });
      if (earlier === undefined) isTold = true;
      else by = earlier;
    }
    const isNew = !this.tellers.has(slug);
    if (isNew) this.tellers.set(slug, isTold ? context.slug : by!);
    if (isTold && isNew) this.follow(context, { recipient: slug }, way, notBefore);
    else if (!isTold && isNew)
      this.mention(context, { recipient: slug, through: way, outcome: 'alreadyTold', by: by! });
  }

  /** When a message may go out; absent: at once. Hours that never open lose nothing: then it goes at once too, with a note. */
  private notBefore(context: RuleContext, recipient: Recipient | undefined, name: string): string | undefined {
    const opening = context.hours?.openingFor(recipient) ?? 'now';
    if (opening === 'now') return undefined;
    if (opening !== 'never') return opening.toISOString();
    this.notes.add(
      `Rule ${context.slug}: the working and quiet hours of the rule and of ${name} leave no moment, so it was sent at once.`,
    );
    return undefined;
  }

  /** Enters into the trail who is told. */
  private follow(
    { slug }: RuleContext,
    whom: Pick<TrailEntry, 'recipient' | 'room'>,
    way: readonly string[],
    notBefore: string | undefined,
  ): void {
    const entry = { rule: slug, ...whom, through: way as string[] };
    if (notBefore === undefined) this.trail.add({ ...entry, outcome: 'told' });
    else this.trail.add({ ...entry, outcome: 'waits', until: notBefore });
  }

  /** Enters into the trail who is not told, each once for a rule. */
  private mention(
    context: RuleContext,
    entry: Pick<TrailEntry, 'recipient' | 'room' | 'outcome' | 'by'> & { through: readonly string[] },
  ): void {
    const key = entry.recipient ?? `room ${entry.room}`;
    context.mentioned ??= new Set();
    if (context.mentioned.has(key)) return;
    context.mentioned.add(key);
    this.trail.add({ rule: context.slug, ...entry, through: entry.through as string[] });
  }

  private candidates(recipient: Recipient, via: NotifyStep['via']): Address[] {
    const existing = recipient.addresses.filter((address) => this.book.backends.has(address.backend));
    return via ? via.flatMap((backend) => existing.filter((address) => address.backend === backend)) : existing;
  }

  private lackOf(recipient: Recipient, via: NotifyStep['via']): string {
    if (recipient.addresses.length === 0) return 'has no address';
    if (via) return `has no address on ${via.join(', ')}`;
    return `has only addresses on backends that do not exist (${recipient.addresses.map((address) => address.backend).join(', ')})`;
  }

  /** Adds a delivery, unless the address is told already; then it answers the rule that told it. */
  private add(context: RuleContext, step: NotifyStep, addressed: Addressed): string | undefined {
    const { backend, to, toKind, reader, fallbacks, notBefore } = addressed;
    const { slug, correlationKey } = context;
    // No slug holds a space, so that no two addresses look the same.
    const key = `${toKind} ${backend} ${to}`;
    const earlier = this.told.get(key);
    if (earlier !== undefined) return earlier;
    this.told.set(key, slug);
    this.deliveries.push({
      rule: slug,
      ...(reader ? { recipient: reader.slug } : {}),
      backend,
      to,
      toKind,
      message: this.texts?.message(slug, step.template, reader) ?? unwritten,
      fallbacks: fallbacks.map((address) => ({ backend: address.backend, to: address.to })),
      ...(correlationKey === undefined ? {} : { correlationKey }),
      ...(fallbacks.length > 0 ? { giveUpSeconds: step.fallbackAfterSeconds ?? defaultGiveUpSeconds } : {}),
      ...(reader && step.whenOffline !== undefined ? { whenOffline: step.whenOffline } : {}),
      ...(notBefore === undefined ? {} : { notBefore }),
      ...termsOf(context.rule, this.book.backends.get(backend)?.retry),
    });
    return undefined;
  }
}

/** What a rule says of each of its deliveries. */
function termsOf(
  { retry, validForSeconds, priority }: PlanningRule,
  ofBackend: RetryPolicy | undefined,
): Pick<PlannedRoute, 'retry' | 'validForSeconds' | 'priority'> {
  const policy = { ...ofBackend, ...retry };
  return {
    ...(Object.keys(policy).length > 0 ? { retry: policy } : {}),
    ...(validForSeconds === undefined ? {} : { validForSeconds }),
    ...(priority === undefined || priority === 'normal' ? {} : { priority }),
  };
}
