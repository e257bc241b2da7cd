import type { SendContext } from '#backends/kit';
import type { Command } from './command.ts';
import type { Settings } from './manifest.ts';
import type { Reply } from './reply.ts';
import { overRest } from './rest.ts';
import { overSocket } from './socket.ts';

/** Brings a command to the server by the way in that the settings name. */
export function exchange(command: Command, settings: Settings, ctx: SendContext): Promise<Reply> {
  return (settings.transport === 'rest' ? overRest : overSocket)(command, settings, ctx);
}
