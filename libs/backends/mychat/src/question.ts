import { secretsOf, type SendContext } from '#backends/kit';
import type { Outcome } from '#contract';
import type { Answer } from './answer.ts';
import { questionFor, type Command } from './command.ts';
import { exchange } from './exchange.ts';
import { readReply, unexpected } from './judgement.ts';
import { manifest, type Settings } from './manifest.ts';

/** Something to ask the server, and how to read what it says. */
export interface Question<Value> {
  number: Command['number'];
  members: Command['members'];
  /** The value that an answer holds; `undefined` when it does not say what was asked. */
  read(answer: Answer): Value | undefined;
  /** The value that an error of the server stands for; `undefined` when nothing was learnt from it. */
  readError?(outcome: Outcome): Value | undefined;
}

/** What was learnt, or the outcome that a message would have had in place of the question. */
export type Learnt<Value> = { value: Value } | { outcome: Outcome };

/** Asks the server one thing. */
export async function ask<Value>(
  question: Question<Value>,
  settings: Settings,
  ctx: SendContext,
): Promise<Learnt<Value>> {
  const command = questionFor(question.number, question.members, settings);
  const reply = await exchange(command, settings, ctx);
  if ('outcome' in reply) return reply;
  const secrets = secretsOf(manifest, settings);
  const read = readReply(reply.bytes, command, 1, secrets);
  const value = 'answer' in read ? question.read(read.answer) : question.readError?.(read.outcome);
  if (value !== undefined) return { value };
  return 'outcome' in read ? read : { outcome: unexpected(reply.bytes, secrets) };
}
