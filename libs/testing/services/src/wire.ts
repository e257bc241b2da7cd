import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.ts';

/** A stretch of TCP between a client and a server, which a test may cut and mend. It is cut at first where it says so. */
export interface Wire {
  /** Port of 127.0.0.1 at which the client connects. */
  port: number;
  /** Breaks every connection and refuses new ones; resolves once they are refused. */
  cut(): Promise<void>;
  /** Lets connections through again. */
  mend(): Promise<void>;
  /** Cuts it for good. */
  stop(): Promise<void>;
}

/** Lays a wire to a port of 127.0.0.1; with `isCut`, it refuses connections until it is mended. */
export async function layWire(targetPort: number, isCut = false): Promise<Wire> {
  const port = await freePort();
  const open = new Set<Socket>();
  let server: Server | undefined;

  function join(client: Socket): void {
    const target = connect(targetPort, '127.0.0.1');
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.once('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }

  async function mend(): Promise<void> {
    if (server) return;
    const made = createServer(join);
    server = made;
    await new Promise<void>((resolve, reject) => {
      made.once('error', reject);
      made.listen(port, '127.0.0.1', resolve);
    });
  }

  async function cut(): Promise<void> {
    const closing = server;
    server = undefined;
    if (!closing) return;
    await new Promise((resolve) => {
      closing.close(resolve);
      for (const socket of open) socket.resetAndDestroy();
    });
  }

  if (!isCut) await mend();
  return { port, cut, mend, stop: cut };
}
