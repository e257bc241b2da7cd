import {
  delivered,
  maskSecrets,
  permanent,
  retryable,
  secretsOf,
  type OutboundMessage,
  type SendContext,
} from '#backends/kit';
import type { Outcome } from '#contract';
import { refuseAddress } from './address.ts';
import { commandNumber, decodeText, isErrorAnswer, numberIn, parseAnswer, type Answer } from './answer.ts';
import { commandFor, type Command } from './command.ts';
import { fromErrorNumber } from './errors.ts';
import { manifest, type Settings } from './manifest.ts';
import { overRest } from './rest.ts';
import { overSocket } from './socket.ts';

/** Sends one message to a person (command 0002) or a conference (0004). The server has no way to tell a repeat. */
export async function send(message: OutboundMessage, settings: Settings, ctx: SendContext): Promise<Outcome> {
  const refusal = refuseAddress(message.to, message.toKind);
  if (refusal) return permanent('bad_address', `The address ${refusal}.`);
  const command = commandFor(message, settings);
  const reply = await (settings.transport === 'rest' ? overRest : overSocket)(command, settings, ctx);
  if ('outcome' in reply) return reply.outcome;
  return judge(reply.bytes, command, message.attempt, secretsOf(manifest, settings));
}

/** What an answer means; only an answer that fits the command counts as delivered. The secrets are masked in its words. */
export function judge(bytes: Buffer, command: Command, attempt: number, secrets: readonly string[]): Outcome {
  const answer = parseAnswer(bytes);
  // A proxy's error page may show the request, and with it the key. Masked before it is cut, or half a key stays.
  const words = maskSecrets((answer && wordsOf(answer)) ?? decodeText(bytes), secrets);
  if (!answer) return retryable('not_json', `the answer is not JSON: ${words || 'empty'}`);
  const echo = answer.get('context');
  if (echo !== undefined && echo !== '' && String(echo) !== command.context) {
    return retryable('foreign_answer', 'the answer belongs to another command (its context differs)');
  }
  if (isErrorAnswer(answer)) return fromErrorNumber(numberIn(answer, 'error'), words, attempt);
  if (!confirms(answer, command))
    return retryable(
      'unexpected_answer',
      `the answer does not fit the command: ${maskSecrets(decodeText(bytes), secrets)}`,
    );
  const state = numberIn(answer, 'state');
  return delivered(state === undefined ? {} : { recipientOnline: state >= 0 });
}

/** A success repeats the command number, and names whom or what it reached; one of the two is enough. */
function confirms(answer: Answer, command: Command): boolean {
  if (commandNumber(answer) === parseInt(command.number, 16)) return true;
  return numberIn(answer, command.number === '0002' ? 'uinto' : 'uid') !== undefined;
}

/** Members that an error brings along, by error number; the description is the address of a help page. */
const tellingMembers = ['user', 'uid', 'nick', 'domain', 'param', 'desc', 'error_desc_en'];

function wordsOf(answer: Answer): string {
  const told = tellingMembers.filter((name) => answer.has(name)).map((name) => `${name} ${String(answer.get(name))}`);
  return told.join(', ') || 'no further words';
}
