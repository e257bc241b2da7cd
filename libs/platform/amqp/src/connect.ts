/** One connection to the broker, and the words for what went wrong with it. */
import { connect, type ChannelModel } from 'amqplib';
import type { Socket } from 'node:net';

/** A connection that answers nothing for two of these is given up, in seconds. */
const heartbeatSeconds = 15;
const connectWithinMs = 10_000;
/** How long a close may take before the socket is simply dropped, in milliseconds. */
const closeWithinMs = 2_000;

/** Opens a connection. `purpose` is what the broker's lists show. Rejects with the error of the socket or of the broker. */
export async function openConnection(url: string, purpose: string): Promise<ChannelModel> {
  const address = new URL(url);
  if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', String(heartbeatSeconds));
  return connect(address.href, {
    timeout: connectWithinMs,
    noDelay: true,
    keepAlive: true,
    clientProperties: { product: 'Vestnik', connection_name: `vestnik ${purpose}` },
  });
}

/** Closes a connection in good order if that is possible soon, and in any case for good. */
export async function closeConnection(connection: ChannelModel): Promise<void> {
  await within(closeWithinMs, 'the close of a connection', connection.close()).catch(() => undefined);
  // The library only ends its half of the socket; a broker that hangs would keep the other half, and with it the process.
  const { stream } = connection.connection as unknown as { stream?: Socket };
  stream?.destroy();
}

/** Rejects when `work` is not done in time; `work` itself goes on unheeded then. */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`The broker did not answer within ${ms / 1000} s: ${what}.`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

/** How the library says that the broker closed the connection instead of opening the virtual host; the broker's words are lost. */
const opensNothing = /Expected ConnectionOpenOk; got <ConnectionClose/;

/** Says what to do about a broker that will not let us in; `undefined` for any other error. */
export function refusalRemedy(error: unknown): string | undefined {
  const { message } = error as Error;
  if (/ACCESS[-_]REFUSED/.test(message))
    return 'Check the user name and the password in AMQP_URL, that the user may log in from here, and its permissions.';
  if (opensNothing.test(message))
    return 'Check the virtual host in AMQP_URL (the part behind the host; %2F is the default), and that the user has access to it.';
  return undefined;
}

/** The words of an error without anything of the URL's credentials. */
export function wordsOf(error: unknown, url: string): string {
  const said = error instanceof Error ? error.message || error.name : String(error);
  const text = opensNothing.test(said) ? 'The broker does not open the virtual host for this user.' : said;
  const { username, password } = new URL(url);
  const secrets = [password, unescape(password)].filter((secret) => secret !== '' && secret !== username);
  return secrets.reduce((words, secret) => words.replaceAll(secret, '***'), text).slice(0, 500);
}
