import { toPublicId, type InboxMessage } from '#contract';
import { LOG, type Logger } from '#platform/log';
import {
  createBatcher,
  createListener,
  createReading,
  DATABASE,
  inboxChannel,
  type Arrival,
  type Batcher,
  type Database,
  type InboxReading,
  type Listener,
} from '#platform/store';
import { Inject, Injectable, Optional, type MessageEvent, type OnModuleDestroy } from '@nestjs/common';
import { EMPTY, Observable } from 'rxjs';
import { InboxStream } from './inbox-stream.ts';

/** Injection token of the time between two heartbeats of a stream, in milliseconds. */
export const HEARTBEAT_MS = Symbol('HEARTBEAT_MS');

/** Before every arrival. */
const beginning = '00000000-0000-0000-0000-000000000000';

type OpenStream = InboxStream & { end?: () => void };

/** Live messages for any number of readers, out of one connection that listens. */
@Injectable()
export class InboxFeed implements OnModuleDestroy {
  readonly #database: Database;
  readonly #log: Logger;
  readonly #reading: InboxReading;
  readonly #heartbeatMs: number;
  readonly #streams = new Map<string, Set<OpenStream>>();
  readonly #loader: Batcher<string, Arrival | undefined>;
  #listener: Listener | undefined;
  #stopped = false;

  constructor(
    @Inject(DATABASE) database: Database,
    @Inject(LOG) log: Logger,
    @Optional() @Inject(HEARTBEAT_MS) heartbeatMs: number | undefined,
  ) {
    this.#database = database;
    this.#log = log;
    this.#heartbeatMs = heartbeatMs ?? 15_000;
    this.#reading = createReading(database).inbox;
    // One at a time, so that readers get messages in the order of arrival: who leaves with the last one has all before it.
    this.#loader = createBatcher({ maxWeight: 500, maxWaitMs: 2, maxConcurrent: 1, run: (ids) => this.#load(ids) });
  }

  /**
   * What is put into an inbox from now on, as server-sent events; with `afterId` (bare), first all that came after that
   * message. Ends when the process stops or PostgreSQL fails; the reader then comes back with the last id it has.
   */
  async open(owner: string, afterId: string | undefined): Promise<Observable<MessageEvent>> {
    // A process that stops still answers who is connected; a stream that began now would keep it from ending.
    if (this.#stopped) return EMPTY;
    // Asked first: this fails while PostgreSQL is away, where listening would wait.
    const position = await this.#positionOf(owner, afterId);
    await this.#listening();
    return new Observable((reader) => {
      const send = (message: InboxMessage) =>
        reader.next({ type: 'message', id: message.id, data: JSON.stringify(message) });
      const stream: OpenStream = new InboxStream({ owner, position, reading: this.#reading, send });
      stream.end = () => reader.complete();
      const heart = setInterval(() => reader.next({ comment: 'heartbeat' }), this.#heartbeatMs);
      this.#add(stream);
      this.#catchUp(stream);
      return () => {
        clearInterval(heart);
        stream.close();
        this.#remove(stream);
      };
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    await this.#listener?.close();
    for (const stream of this.#all()) stream.end?.();
    await this.#loader.close();
  }

  /** Starts listening with the first reader: a process whose inboxes nobody watches needs no connection for it. */
  async #listening(): Promise<void> {
    if (!this.#listener) {
      this.#listener = createListener(this.#database, { log: this.#log });
      this.#listener.on(inboxChannel, (payload) => this.#hear(payload));
    }
    await this.#listener.start();
  }

  async #positionOf(owner: string, afterId: string | undefined): Promise<string> {
    if (afterId !== undefined) return this.#reading.arrivalOf(owner, afterId);
    return (await this.#reading.newestArrival(owner)) ?? beginning;
  }

  #hear(payload: string): void {
    // The connection was away for a while.
    if (payload === '') return this.#all().forEach((stream) => this.#catchUp(stream));
    const { owner, id } = JSON.parse(payload) as { owner: string; id: string };
    if (!this.#streams.has(owner)) return;
    this.#loader.add(id).then(
      (arrival) => arrival && this.#streamsOf(owner).forEach((stream) => stream.push(arrival)),
      (error: unknown) => this.#streamsOf(owner).forEach((stream) => this.#endFailed(stream, error)),
    );
  }

  #catchUp(stream: OpenStream): void {
    stream.catchUp().catch((error: unknown) => this.#endFailed(stream, error));
  }

  #endFailed(stream: OpenStream, error: unknown): void {
    this.#log.warn({ error, owner: stream.owner }, 'inbox.stream_ended');
    stream.end?.();
  }

  async #load(ids: string[]): Promise<(Arrival | undefined)[]> {
    const found = await this.#reading.byIds(ids);
    const arrivals = new Map(found.map((arrival) => [arrival.message.id, arrival]));
    return ids.map((id) => arrivals.get(toPublicId('delivery', id)));
  }

  #add(stream: OpenStream): void {
    const streams = this.#streams.get(stream.owner);
    if (streams) streams.add(stream);
    else this.#streams.set(stream.owner, new Set([stream]));
  }

  #remove(stream: OpenStream): void {
    const streams = this.#streams.get(stream.owner);
    streams?.delete(stream);
    if (streams?.size === 0) this.#streams.delete(stream.owner);
  }

  #streamsOf(owner: string): OpenStream[] {
    return [...(this.#streams.get(owner) ?? [])];
  }

  #all(): OpenStream[] {
    return [...this.#streams.values()].flatMap((streams) => [...streams]);
  }
}
