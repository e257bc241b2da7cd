import { createServer } from 'node:net';

/** Finds out before anything else is started whether the port is free. Throws a plain error whose message says what to do. */
export async function refuseBusyPort(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => reject(portError(error, host, port)));
    probe.listen(port, host, resolve);
  });
  await new Promise((resolve) => probe.close(resolve));
}

/** The port cannot be had; the message names the remedy. */
export class PortError extends Error {
  readonly remedy = 'Stop what listens there, or choose another: PORT=3001 npm start';
}

function portError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE') return new PortError(`Port ${port} on ${host} is taken by another program.`);
  if (error.code === 'EACCES') return new PortError(`This user may not listen on port ${port}.`);
  return new PortError(`Cannot listen on ${host}:${port}: ${error.message}.`);
}
