/** Gathers what goes wrong with the `when` of rules and writes it down now and then: a broken rule may fail thousands of times a second. */
import type { Logger } from '#platform/log';
import { startRounds, type Rounds } from '#platform/runtime';
import { recordTrouble, type Database, type NewTrouble } from '#platform/store';

/** How often counts are written, in milliseconds. */
const everyMs = 5000;
/** Most rules whose troubles are kept until then; there are hardly more that fail at once. */
const mostRules = 10_000;

/** The troubles of a process. */
export interface TroubleBook extends Rounds {
  /** Takes note of rules that failed on an event. */
  add(eventId: string, failures: readonly { slug: string; reason: string }[]): void;
}

/** Starts gathering. What cannot be written stays for the next round. */
export function keepTroubles(database: Pick<Database, 'pool'>, log: Logger): TroubleBook {
  let gathered = new Map<string, NewTrouble>();

  function take({ rule, count, eventId, reason }: NewTrouble): void {
    const known = gathered.get(rule);
    if (known) Object.assign(known, { count: known.count + count, eventId, reason });
    else if (gathered.size < mostRules) gathered.set(rule, { rule, count, eventId, reason });
  }

  async function write(): Promise<void> {
    if (gathered.size === 0) return;
    const written = gathered;
    gathered = new Map();
    try {
      await recordTrouble(database, [...written.values()]);
    } catch (error) {
      for (const trouble of written.values()) take(trouble);
      throw error;
    }
  }

  const failed = (error: unknown) => log.warn({ error }, 'rule_trouble.write_failed');
  const rounds = startRounds({ everyMs, work: write, failed });
  return {
    round: () => rounds.round(),
    close: async () => {
      await rounds.close();
      await rounds.round();
    },
    add: (eventId, failures) => {
      for (const { slug, reason } of failures) take({ rule: slug, count: 1, eventId, reason });
    },
  };
}
