/** What each case of the suite works with: an adapter, its simulator, and a way to send. */
import { expect } from '@jest/globals';
import {
  createNetwork,
  createTargetGuard,
  loopbackNetworks,
  secretsOf,
  type AnyAdapter,
  type Mailbox,
  type Network,
  type OutboundMessage,
  type PresenceAnswer,
  type SendContext,
} from '#backends/kit';
import type { Outcome } from '#contract';
import type { RunningSimulator, Simulator } from '#testing/simulators';
import { uuidv7 } from 'uuidv7';

/** One adapter with one variant of its simulator. */
export interface Subject {
  adapter: AnyAdapter;
  simulator: Simulator;
  variant: string;
}

/** How a case may differ from the ordinary send. */
export interface SendOptions {
  settings?: Record<string, unknown>;
  timeoutMs?: number;
  /** The clock, in milliseconds since 1970. */
  now?: () => number;
}

const noMailbox: Mailbox = { put: () => Promise.reject(new Error('this backend type keeps nothing inside')) };

/** Sends over a guarded network to a running simulator, and looks at every outcome for secrets. */
export class Bench {
  readonly network: Network = createNetwork(createTargetGuard(loopbackNetworks));

  private constructor(
    readonly adapter: AnyAdapter,
    readonly running: RunningSimulator,
  ) {}

  /** Starts the simulator. */
  static async open({ adapter, simulator, variant }: Subject): Promise<Bench> {
    return new Bench(adapter, await simulator.start(variant));
  }

  /** Sends one message as the courier would: settings parsed, one attempt, bounded in time. */
  async send(message: Partial<OutboundMessage> = {}, options: SendOptions = {}): Promise<Outcome> {
    const { given, settings, ctx } = this.prepare(options);
    const outcome = await this.adapter.send(this.message(message), settings, ctx);
    this.expectNoSecret(outcome, given);
    return outcome;
  }

  /** Asks who is online, as the courier would. */
  async presence(addresses: readonly string[], options: SendOptions = {}): Promise<PresenceAnswer> {
    const { given, settings, ctx } = this.prepare(options);
    const answer = await this.adapter.presence!(addresses, settings, ctx);
    if (!answer.ok) this.expectNoSecret(answer.outcome, given);
    return answer;
  }

  private prepare(options: SendOptions): {
    given: Record<string, unknown>;
    settings: Record<string, unknown>;
    ctx: SendContext;
  } {
    const given = options.settings ?? this.running.settings();
    const ctx = {
      network: this.network,
      mailbox: this.running.mailbox ?? noMailbox,
      signal: AbortSignal.timeout(options.timeoutMs ?? 5000),
      now: options.now ?? (() => Date.now()),
    };
    return { given, settings: this.adapter.manifest.settings.parse(given), ctx };
  }

  /** A message to the ordinary address. */
  message(overrides: Partial<OutboundMessage> = {}): OutboundMessage {
    const data = { sku: '4711', note: 'Łódź ✓' };
    return {
      deliveryId: uuidv7(),
      attempt: 1,
      ...this.running.address,
      text: 'Осталось 3 шт.',
      part: { index: 1, of: 1 },
      recipient: 'anna',
      event: { id: uuidv7(), source: 'erp', type: 'warehouse.stock.low', time: '2026-11-20T08:00:00Z', data },
      ...overrides,
    };
  }

  /** Stops the simulator and the connections to it. */
  async close(): Promise<void> {
    await this.running.stop();
    await this.network.close();
  }

  private expectNoSecret(outcome: Outcome, settings: Record<string, unknown>): void {
    const told = JSON.stringify(outcome);
    for (const secret of secretsOf(this.adapter.manifest, settings)) {
      expect(told).not.toContain(secret);
      expect(told).not.toContain(encodeURIComponent(secret));
    }
  }
}
