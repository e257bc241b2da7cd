/** Simulators of the backends: real servers on 127.0.0.1 for the contract suite and the flow tests. */
import { inboxSimulator } from './inbox/mailbox.ts';
import { mychatSimulator } from './mychat/server.ts';
import type { Simulator } from './simulator.ts';
import { webhookSimulator } from './webhook/sink.ts';

export * from './simulator.ts';
export { Arrivals } from './arrivals.ts';
export { selfSigned } from './certificate.ts';
export { closedPort, listen, type Listening } from './listening.ts';
export { inboxSimulator } from './inbox/mailbox.ts';
export { mychatSimulator, type MyChatServer } from './mychat/server.ts';
export { World, type Asked, type Quirks, type Room, type Said, type Status, type User } from './mychat/world.ts';
export { webhookSimulator, type SinkRequest, type WebhookSink } from './webhook/sink.ts';

/** All simulators: one for each backend type of the registry. */
export const simulators: readonly Simulator[] = [inboxSimulator, webhookSimulator, mychatSimulator];
