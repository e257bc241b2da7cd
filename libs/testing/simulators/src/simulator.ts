/** What a simulator of a backend is: a real server on 127.0.0.1 that speaks the real wire form and fails on demand. */
import type { AddressKind } from '#contract';
import type { Mailbox } from '#backends/kit';

/** How a simulator answers one request. */
export type Behaviour =
  | { kind: 'ok' }
  /** Refuses this message for good. */
  | { kind: 'reject' }
  /** Cannot take the message now. */
  | { kind: 'busy' }
  /** Cannot take it now, and says for how long; text is written to `Retry-After` as it is. */
  | { kind: 'busyFor'; seconds: number | string }
  /** Refuses the credentials. */
  | { kind: 'badAuth' }
  /** Takes the request and never answers. */
  | { kind: 'hang' }
  /** Breaks the connection. */
  | { kind: 'reset' }
  /** Answers as if all were well, with a body that no backend of the type would send. */
  | { kind: 'garbage' }
  /** The recipient or room cannot be reached now. */
  | { kind: 'offline' }
  /** Answers with this HTTP status; for HTTP only. */
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string };

/** The name of a behaviour. */
export type BehaviourKind = Behaviour['kind'];

/** A behaviour that needs no more than its name. */
export type PlainBehaviour = Exclude<BehaviourKind, 'busyFor' | 'status'>;

/** A message that the simulator took. Texts are stored exactly as they came. */
export interface ReceivedMessage {
  /** Id of the delivery as the edge writes it, where the wire form carries one. */
  deliveryId?: string;
  to: string;
  title?: string;
  text: string;
  headers?: Record<string, string>;
  /** When it came, in milliseconds since 1970. */
  at: number;
  /** Kept for somebody who is offline, and not yet handed over to them. */
  waiting?: true;
}

/** Where to send. */
export interface SimulatedAddress {
  to: string;
  toKind: AddressKind;
}

/** People of a backend that tells who is online; until the next reset. */
export interface SimulatedPresence {
  /** Adds so many persons, every other one online, beginning with the first, and answers their addresses. */
  people(count: number): string[];
  /** Lets a person come or go. Throws for an address that is nobody's. */
  setOnline(to: string, isOnline: boolean): void;
  /** An address that could be somebody's, and is nobody's. */
  unknown: string;
}

/** A simulator that is up. */
export interface RunningSimulator {
  /** Good settings for an adapter that is to reach it. */
  settings(overrides?: Record<string, unknown>): Record<string, unknown>;
  /** The same settings aimed at another port of 127.0.0.1, where the type has a server at all. */
  settingsAt?(target: { port: number; tls?: boolean }): Record<string, unknown>;
  /** Somebody who can be reached. */
  address: SimulatedAddress;
  /** Somebody or some place that `offline` is about. */
  offlineAddress?: SimulatedAddress;
  /** Who is online, for the types that tell. */
  presence?: SimulatedPresence;
  /** Where messages are kept, for the types that keep them inside. */
  mailbox?: Mailbox;
  /** What it can be told to do. */
  can: ReadonlySet<BehaviourKind>;
  /** What was taken, oldest first. */
  received(): ReceivedMessage[];
  /** Waits until so many messages were taken; rejects after `timeoutMs` (5,000). */
  untilReceived(count: number, timeoutMs?: number): Promise<ReceivedMessage[]>;
  /** Sets how the next requests are answered, after those already planned; once unless `times` says otherwise. */
  plan(behaviour: Behaviour | PlainBehaviour, times?: number): void;
  /** Forgets plans and messages. */
  reset(): void;
  stop(): Promise<void>;
}

/** A simulator of one backend type. */
export interface Simulator<Running extends RunningSimulator = RunningSimulator> {
  type: string;
  /** Ways to reach the same server, each of which the contract suite tries; the first is the default. */
  variants: readonly string[];
  start(variant?: string): Promise<Running>;
}
