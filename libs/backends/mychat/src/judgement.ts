/** Tells answers from everything else that may come back on a command. */
import { maskSecrets, retryable } from '#backends/kit';
import type { Outcome } from '#contract';
import { decodeText, isErrorAnswer, numberIn, parseAnswer, type Answer } from './answer.ts';
import type { Command } from './command.ts';
import { fromErrorNumber } from './errors.ts';

/**
 * Reads what came back on a command: an answer to it that is no error, else what follows. A permanent outcome means that
 * the server itself named an error. The secrets are masked in all words.
 */
export function readReply(
  bytes: Buffer,
  command: Command,
  attempt: number,
  secrets: readonly string[],
): { answer: Answer } | { outcome: Outcome } {
  const answer = parseAnswer(bytes);
  // A proxy's error page may show the request, and with it the key. Masked before it is cut, or half a key stays.
  const words = maskSecrets((answer && wordsOf(answer)) ?? decodeText(bytes), secrets);
  if (!answer) return { outcome: retryable('not_json', `the answer is not JSON: ${words || 'empty'}`) };
  const echo = answer.get('context');
  if (echo !== undefined && echo !== '' && String(echo) !== command.context) {
    return { outcome: retryable('foreign_answer', 'the answer belongs to another command (its context differs)') };
  }
  if (isErrorAnswer(answer)) return { outcome: fromErrorNumber(numberIn(answer, 'error'), words, attempt) };
  return { answer };
}

/** What follows from an answer that is JSON but does not say what was asked. */
export function unexpected(bytes: Buffer, secrets: readonly string[]): Outcome {
  const words = maskSecrets(decodeText(bytes), secrets);
  return retryable('unexpected_answer', `the answer does not fit the command: ${words}`);
}

/** Members that an error brings along, by error number; the description is the address of a help page. */
const tellingMembers = ['user', 'uid', 'nick', 'domain', 'param', 'desc', 'error_desc_en'];

function wordsOf(answer: Answer): string {
  const told = tellingMembers.filter((name) => answer.has(name)).map((name) => `${name} ${String(answer.get(name))}`);
  return told.join(', ') || 'no further words';
}
