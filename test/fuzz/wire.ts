/** A client on a bare socket: sends any bytes at all, and reads answers the way HTTP/1.1 frames them. */
import { connect, type Socket } from 'node:net';

/** An answer as it came over the wire. */
export interface WireAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** One character per byte. */
  head: string;
  body: Buffer;
}

/** Nothing came, or nothing that is HTTP. */
export class WireFault extends Error {
  override readonly name = 'WireFault';
}

/** Reads answers out of the bytes of one connection. */
class AnswerReader {
  #bytes: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
  }

  get isEmpty(): boolean {
    return this.#bytes.length === 0;
  }

  /** The next whole answer; `undefined` while bytes are missing. `ended` says that no more will come. */
  next(bodiless: boolean, ended: boolean): WireAnswer | undefined {
    for (;;) {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end < 0) return undefined;
      const head = this.#bytes.toString('latin1', 0, end);
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
      if (!status) throw new WireFault(`This is no HTTP answer: ${head.slice(0, 80)}`);
      const headers = headersOf(head);
      const start = end + 4;
      if (status >= 200) return this.#whole({ status, headers, head, start, bodiless, ended });
      this.#bytes = this.#bytes.subarray(start);
    }
  }

  #whole(
    found: Omit<WireAnswer, 'body'> & { start: number; bodiless: boolean; ended: boolean },
  ): WireAnswer | undefined {
    const { status, headers, head, start } = found;
    const rest = this.#bytes.subarray(start);
    // A stream has no end of its own; its head is the answer.
    const isStream = headers['content-type']?.startsWith('text/event-stream') ?? false;
    if (isStream || found.bodiless || status === 204 || status === 304)
      return this.#taken(start, found, Buffer.alloc(0));
    if (headers['transfer-encoding']?.includes('chunked')) {
      const chunks = dechunk(rest);
      return chunks && this.#taken(start + chunks.length, { status, headers, head }, chunks.body);
    }
    const length = headers['content-length'];
    if (length === undefined) return found.ended ? this.#taken(this.#bytes.length, found, rest) : undefined;
    if (rest.length < Number(length)) return undefined;
    return this.#taken(start + Number(length), found, rest.subarray(0, Number(length)));
  }

  #taken(upTo: number, { status, headers, head }: Omit<WireAnswer, 'body'>, body: Buffer): WireAnswer {
    this.#bytes = this.#bytes.subarray(upTo);
    return { status, headers, head, body };
  }
}

function headersOf(head: string): Record<string, string> {
  const lines = head.split('\r\n').slice(1);
  const pairs = lines.map((line) => /^([^:]*):\s*(.*)$/.exec(line)).filter((found) => found !== null);
  return Object.fromEntries(pairs.map((found) => [found[1]!.toLowerCase(), found[2]!]));
}

function dechunk(bytes: Buffer): { body: Buffer; length: number } | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const size = parseInt(bytes.toString('latin1', at, end), 16);
    const start = end + 2;
    if (bytes.length < start + size + 2) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), length: start + 2 };
    parts.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}

/** One kept connection, made anew whenever the server or an odd request closed it. */
export class Wire {
  readonly #port: number;
  #socket: Socket | undefined;
  /** Whether the present connection has answered before: only then may the server have closed it in between. */
  #used = false;
  /** What was asked before on the present connection: an answer that does not come may be the fault of that. */
  #before = '';

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends one well-framed request and answers what came back. Rejects with a `WireFault` when nothing does within `withinMs`. */
  async ask(bytes: Buffer, bodiless: boolean, withinMs: number): Promise<WireAnswer> {
    const again = this.#used;
    try {
      return await this.#askOnce(bytes, bodiless, withinMs);
    } catch (error) {
      const before = this.#before;
      this.close();
      if (error instanceof WireFault && error.message.startsWith('no answer'))
        throw new WireFault(`${error.message}; on the same connection came before: ${JSON.stringify(before)}`);
      // The server may end a kept connection at any time, and the request was then never read.
      if (!again || !(error instanceof WireFault) || !error.message.startsWith('closed')) throw error;
      return this.#askOnce(bytes, bodiless, withinMs);
    }
  }

  async #askOnce(bytes: Buffer, bodiless: boolean, withinMs: number): Promise<WireAnswer> {
    // The server may have closed it while nobody asked.
    if (this.#socket?.destroyed || this.#socket?.readableEnded) this.close();
    const socket = this.#socket ?? (await open(this.#port, false));
    this.#socket = socket;
    const [answer] = await exchange(socket, bytes, { bodiless, withinMs, most: 1 });
    if (!answer) throw new WireFault('closed without an answer');
    this.#used = true;
    this.#before = bytes.toString('latin1', 0, 2_000);
    const isStream = answer.headers['content-type']?.startsWith('text/event-stream') ?? false;
    if (isStream || answer.headers['connection'] === 'close' || socket.destroyed) this.close();
    return answer;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#used = false;
    this.#before = '';
  }
}

/** Sends bytes that need not be a request, says that no more will come, and answers all that came back until the server closed. */
export async function throwAt(port: number, bytes: Buffer, withinMs: number): Promise<WireAnswer[]> {
  const socket = await open(port, true);
  try {
    return await exchange(socket, bytes, { bodiless: false, withinMs, most: Infinity });
  } finally {
    socket.destroy();
  }
}

function open(port: number, allowHalfOpen: boolean): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen }, () => resolve(socket.off('error', reject)));
    socket.once('error', reject);
    // A reset while we still write is the server's way of closing.
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
  });
}

function exchange(
  socket: Socket,
  bytes: Buffer,
  { bodiless, withinMs, most }: { bodiless: boolean; withinMs: number; most: number },
): Promise<WireAnswer[]> {
  return new Promise((resolve, reject) => {
    const reader = new AnswerReader();
    const answers: WireAnswer[] = [];
    const timer = setTimeout(() => finish(new WireFault(`no answer within ${withinMs} ms`)), withinMs);
    const finish = (fault?: Error): void => {
      clearTimeout(timer);
      socket.off('data', onData).off('end', onEnd).off('close', onEnd);
      if (fault) reject(fault);
      else resolve(answers);
    };
    const read = (ended: boolean): void => {
      for (let answer; answers.length < most && (answer = reader.next(bodiless, ended));) answers.push(answer);
    };
    const onData = (chunk: Buffer): void => {
      reader.push(chunk);
      guarded(() => {
        read(false);
        if (answers.length >= most) finish();
      });
    };
    const onEnd = (): void => guarded(() => (read(true), finish()));
    const guarded = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        finish(error as Error);
      }
    };
    socket.on('data', onData).once('end', onEnd).once('close', onEnd);
    if (most === Infinity) socket.end(bytes);
    else socket.write(bytes);
  });
}
