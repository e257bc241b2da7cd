import { listen } from '../listening.ts';
import { Script } from '../script.ts';
import type { BehaviourKind, ReceivedMessage, RunningSimulator, SimulatedPresence, Simulator } from '../simulator.ts';
import { restServer } from './rest.ts';
import { socketServer } from './socket.ts';
import { World, type Said } from './world.ts';

/** A MyChat server that is up, with both ways in. */
export interface MyChatServer extends RunningSimulator {
  world: World;
  restPort: number;
  socketPort: number;
}

const everywhere: BehaviourKind[] = ['ok', 'reject', 'badAuth', 'hang', 'reset', 'garbage', 'offline'];
const abilities = {
  // What answers "busy" is the web server or a proxy before it: the API itself has no such word.
  rest: [...everywhere, 'busy', 'busyFor', 'status'] as BehaviourKind[],
  socket: everywhere,
};

async function start(variant = 'rest'): Promise<MyChatServer> {
  const transport = variant === 'socket' ? 'socket' : 'rest';
  const world = new World();
  const script = new Script(abilities[transport]);
  const rest = await listen(restServer(world, script));
  const socket = await listen(socketServer(world, script));
  const settingsOf = (overrides: Record<string, unknown>) => ({ transport, serverKey: world.key, ...overrides });
  const restAt = (at: { port: number; tls?: boolean }) => ({
    url: `${at.tls ? 'https' : 'http'}://127.0.0.1:${at.port}`,
  });
  const socketAt = (at: { port: number }) => ({ host: '127.0.0.1', port: at.port });
  const aim = transport === 'rest' ? restAt : socketAt;
  const port = transport === 'rest' ? rest.port : socket.port;
  return {
    world,
    restPort: rest.port,
    socketPort: socket.port,
    settings: (overrides = {}) => settingsOf({ ...aim({ port }), ...overrides }),
    settingsAt: (target) => settingsOf(aim(target)),
    address: { to: '17', toKind: 'person' },
    presence: presenceOf(world),
    offlineAddress: { to: '12', toKind: 'room' },
    can: script.can,
    received: () => world.said.all().map(toMessage),
    untilReceived: async (count, timeoutMs) => (await world.said.until(count, timeoutMs)).map(toMessage),
    plan: (behaviour, times) => script.plan(behaviour, times),
    reset: () => [script, { clear: () => world.reset() }].forEach((part) => part.clear()),
    stop: async () => {
      await Promise.all([rest.stop(), socket.stop()]);
    },
  };
}

function presenceOf(world: World): SimulatedPresence {
  return {
    people: (count) => world.addUsers(count).map(String),
    setOnline: (to, isOnline) => world.setOnline(world.findUser(to)?.uin ?? NaN, isOnline),
    unknown: '4711',
  };
}

function toMessage({ to, addressedAs, text, context, at, handedOverAt }: Said): ReceivedMessage {
  const isWaiting = 'uin' in to && handedOverAt === undefined;
  return {
    ...{ to: addressedAs, text, at },
    ...(context === undefined ? {} : { deliveryId: context }),
    ...(isWaiting ? { waiting: true } : {}),
  };
}

/** The simulator of the backend type `mychat`; both variants serve REST and socket, and differ in their settings. */
export const mychatSimulator: Simulator<MyChatServer> = { type: 'mychat', variants: ['rest', 'socket'], start };
