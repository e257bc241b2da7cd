import type { AddressKind, EventFacts, Outcome } from '#contract';
import type { z } from 'zod';
import type { Manifest } from './manifest.ts';
import type { Network } from './network.ts';
import type { PresenceAnswer } from './presence.ts';

/** What is to be sent, already in the dialect and size of the backend type. */
export interface OutboundMessage {
  /** UUIDv7 of the delivery: the same on every attempt, so a backend that takes a client token gets this. */
  deliveryId: string;
  /** Counted from 1. */
  attempt: number;
  to: string;
  toKind: AddressKind;
  /** Only when the manifest keeps the title separate. */
  title?: string | undefined;
  text: string;
  /** Which part of a split text this is; `{ index: 1, of: 1 }` for the usual message. */
  part: { index: number; of: number };
  /** Slug of the recipient, absent for rooms. */
  recipient?: string | undefined;
  event: EventFacts;
}

/** Keeps messages inside Vestnik, for backend types that have no server of their own. */
export interface Mailbox {
  /** Stores a message once per delivery id. */
  put(message: OutboundMessage): Promise<void>;
}

/** What an adapter may use while it sends. */
export interface SendContext {
  network: Network;
  mailbox: Mailbox;
  /** Fires when the time for the attempt is up or the process stops; every wait must honour it. */
  signal: AbortSignal;
  /** Milliseconds since 1970. */
  now(): number;
}

/** The code of a backend type. Plain functions; expected failures are outcomes, a throw is a bug. */
export interface Adapter<Settings extends z.ZodObject = z.ZodObject> {
  manifest: Manifest<Settings>;
  send(message: OutboundMessage, settings: z.output<Settings>, ctx: SendContext): Promise<Outcome>;
  /** Says why `to` cannot be an address of this type; `undefined` when it can. Asked when a recipient is saved. */
  refuseAddress?(to: string, toKind: AddressKind): string | undefined;
  /**
   * Tells which persons are online, for up to `mostPresenceAddresses` addresses; cuts them into as many questions as the
   * backend wants. Whoever the backend does not know is in neither set, so that the message goes out and is refused by
   * name. Exactly the types that have this function name the ability `presence` in their manifest.
   */
  presence?(addresses: readonly string[], settings: z.output<Settings>, ctx: SendContext): Promise<PresenceAnswer>;
}

/** An adapter whose settings type is forgotten, as the registry lists it. */
export type AnyAdapter = Adapter;

/** Ties the settings type of a manifest to its functions, then forgets it: the courier parses settings before each use. */
export function defineAdapter<Settings extends z.ZodObject>(adapter: Adapter<Settings>): AnyAdapter {
  return adapter as unknown as AnyAdapter;
}
