import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** Stands between a program and its server, and fails on demand. */
export interface Relay {
  /** The URL of the server, by way of the relay. */
  url: string;
  /** Leads new connections to another server; those that are open stay as they are. */
  turnTo(url: string): void;
  /** Cuts all connections; new ones are made as before. */
  cut(): void;
  /** Passes nothing on any more, on old connections and on new ones, and cuts none. */
  hang(): void;
  /** Cuts all connections and takes no new ones. */
  refuse(): Promise<void>;
  /** Passes on what was held back, and takes new connections. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a relay to the server of a URL. */
export async function openRelay(to: string): Promise<Relay> {
  let target = new URL(to);
  const sockets = new Set<Socket>();
  let hanging = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    if (hanging) socket.pause();
  };
  const server: Server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    near.pipe(far).pipe(near);
    for (const [one, other] of [[near, far] as const, [far, near] as const]) one.on('close', () => other.destroy());
    keep(near);
    keep(far);
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const url = new URL(to);
  url.host = `127.0.0.1:${port}`;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const refuse = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  };
  return {
    url: url.href,
    turnTo: (other) => void (target = new URL(other)),
    cut,
    hang: () => {
      hanging = true;
      for (const socket of sockets) socket.pause();
    },
    refuse,
    recover: async () => {
      hanging = false;
      for (const socket of sockets) socket.resume();
      if (!server.listening) await listen(port);
    },
    close: refuse,
  };
}
