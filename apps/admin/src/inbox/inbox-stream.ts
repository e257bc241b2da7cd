import type { InboxMessage } from '#contract';
import type { Arrival, InboxReading } from '#platform/store';

/** Messages that are read at once while catching up. */
const chunkSize = 500;
/** Messages that are remembered as sent, so that what is both told and read is sent once. */
const remembered = 1000;

/** What one open stream needs. */
export interface InboxStreamParts {
  owner: string;
  /** Place in the order of arrival of the last message that the reader has. */
  position: string;
  reading: Pick<InboxReading, 'after'>;
  send: (message: InboxMessage) => void;
}

/** One reader of one inbox: gets what it missed first, then what comes, each message once. */
export class InboxStream {
  readonly owner: string;
  readonly #parts: InboxStreamParts;
  #position: string;
  /** While reading what was missed, what is told meanwhile waits here. */
  #waiting: Arrival[] | undefined = [];
  /** Whether more was told meanwhile than is kept; it is read instead. */
  #toldTooMuch = false;
  #catchingUp: Promise<void> = Promise.resolve();
  readonly #sent = new Set<string>();
  #closed = false;

  constructor(parts: InboxStreamParts) {
    this.owner = parts.owner;
    this.#parts = parts;
    this.#position = parts.position;
  }

  /** Takes a message that was just stored. */
  push(arrival: Arrival): void {
    if (!this.#waiting) this.#send(arrival);
    else if (this.#waiting.length < remembered) this.#waiting.push(arrival);
    else this.#toldTooMuch = true;
  }

  /** Reads and sends what came after the last message sent; to be called at the start and after every gap. */
  catchUp(): Promise<void> {
    this.#waiting ??= [];
    this.#catchingUp = this.#catchingUp.then(() => this.#readMissed());
    return this.#catchingUp;
  }

  /** Sends nothing from here on. */
  close(): void {
    this.#closed = true;
  }

  async #readMissed(): Promise<void> {
    let size = chunkSize;
    while ((size === chunkSize || this.#toldTooMuch) && !this.#closed) {
      this.#toldTooMuch = false;
      const missed = await this.#parts.reading.after(this.owner, this.#position, chunkSize);
      size = missed.length;
      for (const arrival of missed) this.#send(arrival);
    }
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    // Arrivals become visible in their order, so what is not behind the last one read was read with it.
    const readUpTo = this.#position;
    for (const arrival of waiting) if (arrival.arrived > readUpTo) this.#send(arrival);
  }

  #send({ arrived, message }: Arrival): void {
    if (this.#closed || this.#sent.has(message.id)) return;
    this.#sent.add(message.id);
    if (this.#sent.size > remembered) this.#sent.delete(this.#sent.values().next().value!);
    if (arrived > this.#position) this.#position = arrived;
    this.#parts.send(message);
  }
}
