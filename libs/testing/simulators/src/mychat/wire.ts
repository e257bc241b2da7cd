/** Both directions of the wire: how commands are read, and how answers are written with all their quirks. */
import type { Behaviour } from '../simulator.ts';
import { run, type Members, type Refusal } from './commands.ts';
import type { World } from './world.ts';

const integerForms = new Set(['000F', '0010', '0016', '0017', '001B', '001C']);
const cyrillicForms = new Set(['0004', '0013']);

/** Refusals that stand for the failures a test may plan. */
const planned: Partial<Record<Behaviour['kind'], Refusal>> = {
  reject: { error: 3, extra: { User: 'somebody' } },
  badAuth: { error: 5 },
  offline: { error: 6, extra: { UID: 12 } },
};

/** What was asked: the members of a command, or why they cannot be read. */
export type Question = { members: Members } | Refusal;

/** Reads the JSON of a command in the first of the encodings that fits; anything but an object is refused with 67. */
export function readQuestion(bytes: Buffer, encodings: readonly ('utf-8' | 'windows-1251')[]): Question {
  try {
    const value: unknown = JSON.parse(decode(bytes, encodings));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { members: value as Members };
    return { error: 67, extra: { Desc: 'not an object' } };
  } catch (error) {
    return { error: 67, extra: { Desc: (error as Error).message } };
  }
}

function decode(bytes: Buffer, encodings: readonly string[]): string {
  for (const encoding of encodings) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // Not this encoding; the next one may fit.
      continue;
    }
  }
  return bytes.toString('latin1');
}

/** Runs a command, or plays the planned refusal in its place, and writes the answer. */
export function answerTo(command: string, question: Question, behaviour: Behaviour, world: World): Buffer {
  const members = 'members' in question ? question.members : {};
  const refusal = planned[behaviour.kind] ?? ('error' in question ? question : undefined);
  const result = refusal ?? run(command, members, world);
  const echo = members['context'] !== undefined && world.quirks.echoContext ? { context: members['context'] } : {};
  if ('members' in result) return write(command, { ...echo, ...result.members }, world);
  const help = `https://help.example/integrationapierr${result.error}`;
  const told = { evocator: command, ...echo, error: result.error, ...result.extra };
  return write('0001', { ...told, error_desc_en: help, error_desc_ru: help, error_desc_ua: help }, world);
}

function write(command: string, members: Members, world: World): Buffer {
  const { quirks } = world;
  const json = JSON.stringify({ [keyOf(command, world)]: cmdOf(command, world), ...members });
  const text = quirks.bareCmd ? json.replace(/"cmd":"(\d{4})"/i, '"Cmd" : $1') : json;
  return quirks.cp1251 ? encodeCp1251(text) : Buffer.from(text);
}

function keyOf(command: string, { quirks }: World): string {
  if (quirks.integerCmd && integerForms.has(command)) return 'Cmd';
  return quirks.cyrillicCmd && cyrillicForms.has(command) ? '\u0441md' : 'cmd';
}

function cmdOf(command: string, { quirks }: World): string | number {
  return quirks.integerCmd && integerForms.has(command) ? parseInt(command, 16) : command;
}

const cp1251 = new Map(
  Array.from({ length: 128 }, (_, index) => [
    new TextDecoder('windows-1251').decode(Buffer.from([index + 128])),
    index + 128,
  ]),
);

/** Writes Windows-1251; what it lacks becomes a question mark, as Windows does it. */
export function encodeCp1251(text: string): Buffer {
  return Buffer.from(Array.from(text, (character) => byteOf(character)));
}

function byteOf(character: string): number {
  const code = character.codePointAt(0)!;
  return code < 128 ? code : (cp1251.get(character) ?? 0x3f);
}
