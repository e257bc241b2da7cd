import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { PortError, refuseBusyPort } from './busy-port.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** Listens, and answers the port. */
async function occupy(port = 0): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('refuseBusyPort', () => {
  it.each(['127.0.0.1', '0.0.0.0'])(
    'refuses a port that somebody listens on, and says what to do (%s)',
    async (host) => {
      const port = await occupy();
      const refusal: unknown = await refuseBusyPort(host, port).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(PortError);
      expect(refusal).toMatchObject({
        message: `Port ${port} on ${host} is taken by another program.`,
        remedy: expect.stringContaining('PORT='),
      });
    },
  );

  it('says what is wrong with an address that this machine does not have', async () => {
    await expect(refuseBusyPort('192.0.2.1', 3000)).rejects.toThrow(
      /^Cannot listen on 192\.0\.2\.1:3000: .*EADDRNOTAVAIL/,
    );
  });

  it('leaves a free port free', async () => {
    const port = await occupy();
    await new Promise((resolve) => servers.pop()!.close(resolve));
    await refuseBusyPort('127.0.0.1', port);
    expect(await occupy(port)).toBe(port);
  });

  it('has nothing against any free port', async () => {
    await expect(refuseBusyPort('127.0.0.1', 0)).resolves.toBeUndefined();
  });
});
