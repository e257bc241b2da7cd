import type { InboxMessage } from '#contract';
import type { InboxReading } from '#platform/store';

/** Messages that are read at once while catching up. */
const chunkSize = 500;
/** Messages that are remembered as sent, so that what is both told and read is sent once. */
const remembered = 1000;

/** What one open stream needs. */
export interface InboxStreamParts {
  owner: string;
  /** Bare id of the last message that the reader has. */
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
  #waiting: InboxMessage[] | undefined = [];
  #catchingUp: Promise<void> = Promise.resolve();
  readonly #sent = new Set<string>();
  #closed = false;

  constructor(parts: InboxStreamParts) {
    this.owner = parts.owner;
    this.#parts = parts;
    this.#position = parts.position;
  }

  /** Takes a message that was just stored. */
  push(message: InboxMessage): void {
    if (this.#waiting) this.#waiting.push(message);
    else this.#send(message);
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
    while (size === chunkSize && !this.#closed) {
      const missed = await this.#parts.reading.after(this.owner, this.#position, chunkSize);
      size = missed.length;
      for (const message of missed) this.#send(message);
    }
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const message of waiting) this.#send(message);
  }

  #send(message: InboxMessage): void {
    if (this.#closed || this.#sent.has(message.id)) return;
    this.#sent.add(message.id);
    if (this.#sent.size > remembered) this.#sent.delete(this.#sent.values().next().value!);
    // A delivery that took long has an id from before messages that overtook it, so the position never goes back.
    const bareId = message.id.slice(message.id.indexOf('_') + 1);
    if (bareId > this.#position) this.#position = bareId;
    this.#parts.send(message);
  }
}
