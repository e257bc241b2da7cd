import { delivered, permanent, secretsOf, type OutboundMessage, type SendContext } from '#backends/kit';
import type { Outcome } from '#contract';
import { refuseAddress } from './address.ts';
import { commandNumber, numberIn, type Answer } from './answer.ts';
import { commandFor, type Command } from './command.ts';
import { exchange } from './exchange.ts';
import { readReply, unexpected } from './judgement.ts';
import { manifest, type Settings } from './manifest.ts';

/** Sends one message to a person (command 0002) or a conference (0004). The server has no way to tell a repeat. */
export async function send(message: OutboundMessage, settings: Settings, ctx: SendContext): Promise<Outcome> {
  const refusal = refuseAddress(message.to, message.toKind);
  if (refusal) return permanent('bad_address', `The address ${refusal}.`);
  const command = commandFor(message, settings);
  const reply = await exchange(command, settings, ctx);
  if ('outcome' in reply) return reply.outcome;
  return judge(reply.bytes, command, message.attempt, secretsOf(manifest, settings));
}

/** What an answer to a message means; only one that fits the command counts as delivered. */
export function judge(bytes: Buffer, command: Command, attempt: number, secrets: readonly string[]): Outcome {
  const read = readReply(bytes, command, attempt, secrets);
  if ('outcome' in read) return read.outcome;
  if (!confirms(read.answer, command)) return unexpected(bytes, secrets);
  const state = numberIn(read.answer, 'state');
  return delivered(state === undefined ? {} : { recipientOnline: state >= 0 });
}

/** A success repeats the command number, and names whom or what it reached; one of the two is enough. */
function confirms(answer: Answer, command: Command): boolean {
  if (commandNumber(answer) === parseInt(command.number, 16)) return true;
  return numberIn(answer, command.number === '0002' ? 'uinto' : 'uid') !== undefined;
}
