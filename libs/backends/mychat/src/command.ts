/** What goes to the server: the members of a command as pure ASCII JSON, and the frame of the raw socket. */
import type { OutboundMessage } from '#backends/kit';
import { toPublicId } from '#contract';
import { roomUid } from './address.ts';
import type { Settings } from './manifest.ts';

/** A command of the Integration API. */
export interface Command {
  /** Four hex digits: 0002 to a person, 0004 to a conference. */
  number: '0002' | '0004';
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
