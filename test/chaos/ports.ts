import { createServer } from 'node:net';

/** Below what systems hand out for outgoing connections, so that nobody takes the port of a process that is down. */
const range = { from: 18_000, to: 30_000 };
const taken = new Set<number>();

/** A port that stays free for whoever comes back to it. Throws when there is none. */
export async function reservePort(): Promise<number> {
  for (let round = 0; round < 200; round += 1) {
    const port = range.from + Math.floor(Math.random() * (range.to - range.from));
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    return port;
  }
  throw new Error(`There is no free port between ${range.from} and ${range.to}.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
