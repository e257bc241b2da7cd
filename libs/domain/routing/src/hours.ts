/** When a message may go out: within the working hours and outside the quiet hours of its rule and its reader. */
import type { Recipient, Rule } from '#contract';
import { nextOpening } from '#domain/schedules';

/** Hours that a message goes by. */
type Hours = Pick<Rule, 'workingHours' | 'quietHours'>;

/** The clock that applies when neither the recipient nor the book has one. */
const defaultTimeZone = 'UTC';

/** When a message may go out: at once, from a moment on, or never, since its hours have no moment in common. */
export type Opening = 'now' | 'never' | Date;

/** The hours of one rule, at one moment. Remembers what is the same for all who have no hours of their own. */
export class RuleHours {
  private readonly rule: Hours;
  private readonly now: Date;
  private readonly bookTimeZone: string;
  private readonly known = new Map<string, Opening>();

  constructor(rule: Hours, now: Date, bookTimeZone = defaultTimeZone) {
    this.rule = rule;
    this.now = now;
    this.bookTimeZone = bookTimeZone;
  }

  /** When a message of the rule may go to a recipient, or to a room, which goes by the clock of the book. */
  openingFor(recipient: Recipient | undefined): Opening {
    const own = recipient?.workingHours !== undefined || recipient?.quietHours !== undefined;
    if (!own && this.rule.workingHours === undefined && this.rule.quietHours === undefined) return 'now';
    const timeZone = recipient?.timeZone ?? this.bookTimeZone;
    if (own) return this.look(recipient, timeZone);
    const known = this.known.get(timeZone) ?? this.look(undefined, timeZone);
    this.known.set(timeZone, known);
    return known;
  }

  private look(recipient: Recipient | undefined, timeZone: string): Opening {
    const working = [this.rule.workingHours, recipient?.workingHours].filter((hours) => hours !== undefined);
    const quiet = [this.rule.quietHours, recipient?.quietHours].filter((hours) => hours !== undefined);
    const at = nextOpening({ working, quiet }, timeZone, this.now);
    if (at === undefined) return 'never';
    return at.getTime() <= this.now.getTime() ? 'now' : at;
  }
}
