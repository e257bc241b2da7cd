/** What goes to the server: the members of a command as pure ASCII JSON, and the frame of the raw socket. */
import type { OutboundMessage } from '#backends/kit';
import { toPublicId } from '#contract';
import { randomUUID } from 'node:crypto';
import { roomUid } from './address.ts';
import type { Settings } from './manifest.ts';

/**
 * Commands that are sent. 0002 writes to a person, 0004 to a conference; 0005 finds a UIN by nick, 0006 by e-mail, 0007
 * asks whether there is one, 000F asks who is online.
 */
export type CommandNumber = '0002' | '0004' | '0005' | '0006' | '0007' | '000F';

/** A command of the Integration API. */
export interface Command {
  /** Four hex digits. */
  number: CommandNumber;
  /** Opaque text that newer servers give back, which ties an answer to its question. */
  context: string;
  members: Record<string, string | number>;
}

/** Makes the command for a message. */
export function commandFor(message: OutboundMessage, settings: Settings): Command {
  const { part } = message;
  const context = toPublicId('delivery', message.deliveryId) + (part.of > 1 ? `.${part.index}` : '');
  const common = {
    ServerKey: settings.serverKey,
    APIStype: settings.apisType,
    context,
    UserFrom: settings.sender,
    Msg: message.text.replace(/\r\n|\r|\n/g, '\r\n'),
  };
  if (message.toKind === 'person') {
    return { number: '0002', context, members: { ...common, UserTo: message.to.trim() } };
  }
  return { number: '0004', context, members: { ...common, UID: roomUid(message.to) ?? message.to } };
}

/** Makes a command that only asks something; its context is one that no other command has. */
export function questionFor(number: CommandNumber, asked: Command['members'], settings: Settings): Command {
  const context = randomUUID();
  const common = { ServerKey: settings.serverKey, APIStype: settings.apisType, context };
  return { number, context, members: { ...common, ...asked } };
}

/** Writes JSON with every character beyond printable ASCII as `\uXXXX`, an emoji as two of them. */
export function asciiJson(value: unknown): string {
  const escape = (unit: string) => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0');
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, escape);
}

const magic = Buffer.from([0x17, 0x06]);
const packetId = '0077';
/** Not compressed, sender class "Integration API". */
const flags = '30';

/** Writes the frame of the raw socket: magic, packet id, flags, command number, JSON, CRLF, nothing in between. */
export function frameOf(command: Command): Buffer {
  return Buffer.concat([
    magic,
    Buffer.from(packetId + flags + command.number + asciiJson(command.members) + '\r\n', 'latin1'),
  ]);
}
