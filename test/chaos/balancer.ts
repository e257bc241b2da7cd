/**
 * The smallest balancer there is: hands each new connection to an instance that was ready when last asked, and to the next
 * one when that refuses. It looks into no request, and so can repeat none.
 */
import { connect, createServer, type Socket } from 'node:net';
import type { Supervised } from './supervised.ts';

const askEveryMs = 1000;

/** A running balancer. */
export interface Balancer {
  url: string;
  /** Connections that one instance refused and another took. */
  passedOn(): number;
  /** Whether the balancer holds an instance to be ready. */
  holdsReady(instance: Supervised): boolean;
  stop(): Promise<void>;
}

/** Starts a balancer before some instances of one app. */
export async function startBalancer(instances: readonly Supervised[]): Promise<Balancer> {
  const ready = new Set(instances);
  const sockets = new Set<Socket>();
  let [turn, passedOn] = [0, 0];
  const look = () =>
    instances.forEach((one) => void one.isReady().then((is) => (is ? ready.add(one) : ready.delete(one))));
  const timer = setInterval(look, askEveryMs);

  const server = createServer({ pauseOnConnect: true, noDelay: true }, (client) => {
    keep(sockets, client);
    turn += 1;
    const candidates = instances.filter((one) => ready.has(one));
    const first = turn % Math.max(1, candidates.length);
    void tryInTurn(client, [...candidates.slice(first), ...candidates.slice(0, first)]);
  });

  async function tryInTurn(client: Socket, candidates: readonly Supervised[]): Promise<void> {
    for (const [index, candidate] of candidates.entries()) {
      const upstream = await open(candidate.url);
      if (!upstream) continue;
      if (index > 0) passedOn += 1;
      keep(sockets, upstream);
      join(client, upstream);
      return;
    }
    client.destroy();
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    passedOn: () => passedOn,
    holdsReady: (instance) => ready.has(instance),
    stop: () => {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function keep(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
  socket.on('error', () => socket.destroy());
}

/** A connection; `undefined` when it is refused. */
function open(url: string): Promise<Socket | undefined> {
  const { port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

function join(client: Socket, upstream: Socket): void {
  client.pipe(upstream);
  upstream.pipe(client);
  client.once('close', () => upstream.destroy());
  upstream.once('close', () => client.destroy());
}
