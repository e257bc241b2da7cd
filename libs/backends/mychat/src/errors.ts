/** Error numbers of the Integration API (the vendor's pages integrationapierr*) and what follows from each. */
import { authBroken, permanent, recipientOffline, retryable } from '#backends/kit';
import type { Outcome } from '#contract';

type Verdict = 'permanent' | 'authBroken' | 'recipientOffline';

const table: Record<number, [name: string, verdict: Verdict]> = {
  2: ['WrongSenderUser', 'permanent'],
  3: ['WrongReceiverUser', 'permanent'],
  4: ['EmptyMessage', 'permanent'],
  5: ['WrongIntegrationKey', 'authBroken'],
  // A conference exists only while somebody sits in it, and comes back under the same UID.
  6: ['UnknownUID', 'recipientOffline'],
  7: ['UserNotInChannel', 'recipientOffline'],
  8: ['NickNotFound', 'permanent'],
  9: ['API_Disabled', 'authBroken'],
  10: ['ParameterAbsent', 'permanent'],
  11: ['WrongDomainUserReceiver', 'permanent'],
  12: ['WrongDomainUserSender', 'permanent'],
  17: ['CantSendMessageToSelf', 'permanent'],
  18: ['NickCannotBeEmpty', 'permanent'],
  19: ['UINNotFound', 'permanent'],
  20: ['EmailNotFound', 'permanent'],
  21: ['WrongData', 'permanent'],
  23: ['EmailIsNotDefined', 'permanent'],
  24: ['UINIsNotDefined', 'permanent'],
  28: ['CannotWorkWithRobot', 'permanent'],
  36: ['WrongUsersList', 'permanent'],
  37: ['UINMustBeGreaterThanZero', 'permanent'],
  42: ['UnknownUser', 'permanent'],
  43: ['UnknownDomainUser', 'permanent'],
  47: ['ParameterIsEmpty', 'permanent'],
  65: ['BadWord', 'permanent'],
  67: ['InvalidMessageStructure', 'permanent'],
};

const makers = { permanent, authBroken, recipientOffline };

/** Attempts that an unknown error number gets before it counts as permanent; no number is known to mean "try later". */
const attemptsForUnknown = 2;

/** What an error number means; `words` are what the server said beside it. */
export function fromErrorNumber(number: number | undefined, words: string, attempt: number): Outcome {
  const extras = number === undefined ? {} : { statusCode: number };
  const known = number === undefined ? undefined : table[number];
  if (known) return makers[known[1]](`mychat_${number}`, `error ${number} ${known[0]}: ${words}`, extras);
  const verdict = attempt > attemptsForUnknown ? permanent : retryable;
  return verdict(`mychat_${number ?? 'unknown'}`, `error ${number ?? 'without a number'}: ${words}`, extras);
}
