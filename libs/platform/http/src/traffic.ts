/** Who is connected and what is asked right now: bounds it, and sees it off without breaking anything off when the process stops. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';

/**
 * Most connections of a process. One at rest costs some 20 KiB; beyond this many the rest of the house would run out of file
 * descriptors before it runs out of memory.
 */
export const mostConnections = 10_000;

/** A connection is left open this long after its last answer, in milliseconds: a request may be on its way already. */
const quietMs = 200;

/** How long a request that has begun to arrive may take to be whole once nobody new is let in, in milliseconds. */
const lastWordMs = 5_000;

/** A turn of the event loop that took less than this, in milliseconds, did next to nothing; and how many turns are waited for one. */
const quietTurnMs = 0.5;
const mostTurns = 200;

/** How often the connections are looked at while they are seen off, in milliseconds. */
const lookMs = 20;

interface Connection {
  /** Requests that are not answered in full. */
  open: number;
  /** When the last answer was over, or the connection was made; milliseconds of `performance.now`. */
  sinceMs: number;
  /** Bytes that had come by then. */
  bytes: number;
}

/** The connections and requests of one HTTP server. */
export class Traffic {
  readonly #server: Server;
  readonly #connections = new Map<Socket, Connection>();
  readonly #open = new Set<ServerResponse>();
  #leaving = false;
  #closed = false;
  /** Connections taken since the start. */
  #taken = 0;

  constructor(server: Server) {
    this.#server = server;
    server.maxConnections = mostConnections;
    server.on('connection', (socket: Socket) => this.#connected(socket));
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#asked(request, response),
    );
  }

  /** Requests that are not answered in full, streams included. */
  get requests(): number {
    return this.#open.size;
  }

  /** Whether the process is about to stop. */
  get leaving(): boolean {
    return this.#leaving;
  }

  /** Says that the process is about to stop. Everything is served as before; who asks whether it is ready hears that it is not. */
  leave(): void {
    this.#leaving = true;
  }

  /**
   * Lets nobody new in, answers what was asked, and resolves when the last connection is closed. Every answer from here on tells
   * its caller to come back on another connection. That comes after the door is closed and not before: a caller who keeps
   * its connection to the end never knocks at a door that is closing.
   */
  async end(): Promise<void> {
    this.leave();
    await this.#quietMoment();
    // The `close` of HTTP would cut connections on which a request may be arriving at this very moment.
    NetServer.prototype.close.call(this.#server);
    const closedAtMs = performance.now();
    this.#closed = true;
    for (const response of this.#open) dismiss(response);
    while (this.#connections.size > 0) {
      const nowMs = performance.now();
      for (const [socket, connection] of this.#connections) {
        if (isOver(socket, connection, nowMs, closedAtMs)) socket.destroy();
      }
      if (this.#connections.size > 0) await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }

  /**
   * Waits, not for long, until the loop has nothing to do and just took whoever had knocked. A connection that the kernel has
   * made but we have not taken is reset when the door closes, so the moment for that is when there is most probably none.
   */
  async #quietMoment(): Promise<void> {
    for (let turn = 0; turn < mostTurns; turn += 1) {
      const [taken, atMs] = [this.#taken, performance.now()];
      await new Promise((resolve) => setImmediate(resolve));
      if (taken === this.#taken && performance.now() - atMs < quietTurnMs) return;
    }
  }

  #connected(socket: Socket): void {
    this.#taken += 1;
    this.#connections.set(socket, { open: 0, sinceMs: performance.now(), bytes: 0 });
    socket.once('close', () => this.#connections.delete(socket));
  }

  #asked(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket);
    this.#open.add(response);
    if (connection) connection.open += 1;
    if (this.#closed) dismiss(response);
    response.once('close', () => {
      this.#open.delete(response);
      if (connection) connection.open -= 1;
      rest();
    });
    // An early answer is over before the body is.
    request.once('close', rest);
    function rest(): void {
      if (!connection) return;
      connection.sinceMs = performance.now();
      connection.bytes = request.socket.bytesRead;
    }
  }
}

/** Makes Node write `connection: close`, and close the connection behind the answer. */
function dismiss(response: ServerResponse): void {
  if (!response.headersSent) response.shouldKeepAlive = false;
}

function isOver(socket: Socket, connection: Connection, nowMs: number, closedAtMs: number): boolean {
  if (connection.open > 0 || nowMs - connection.sinceMs < quietMs) return false;
  const hasBegun = socket.bytesRead > connection.bytes;
  return !hasBegun || nowMs - closedAtMs > lastWordMs;
}
