import type { AddressInfo, Server, Socket } from 'node:net';

/** A server that listens on a free port of 127.0.0.1. */
export interface Listening {
  port: number;
  /** Breaks all connections and stops listening. */
  stop(): Promise<void>;
}

/** Starts a server (TCP, HTTP or TLS) on a free port of 127.0.0.1, and keeps track of its connections. */
export async function listen(server: Server): Promise<Listening> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** A port of 127.0.0.1 where nobody listens: it was free a moment ago. */
export async function closedPort(makeServer: () => Server): Promise<number> {
  const { port, stop } = await listen(makeServer());
  await stop();
  return port;
}
