/** One real message, sent right here and now, past queues and retries, so that an operator sees what the backend says. */
import { maskedError, maskSecrets, ownWords, secretsOf, type AnyAdapter, type OutboundMessage } from '#backends/kit';
import { adapterOf } from '#backends/registry';
import { faultsOf, HouseError, type Backend, type JsonValue, type Outcome, type testSend } from '#contract';
import { toDialect } from '#domain/message';
import { LOG, type Logger } from '#platform/log';
import { SEALER, type Definitions, type Sealer } from '#platform/store';
import { Inject, Injectable } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { DEFINITIONS } from '../rule-book/definitions.provider.ts';
import { WayOut } from './way-out.ts';

/** What is to be sent, and to whom. */
export type TestWish = z.output<typeof testSend>;

/** What came of it; `durationMs` is in milliseconds. */
export interface TestAnswer {
  outcome: Outcome;
  durationMs: number;
}

interface Opened {
  adapter: AnyAdapter;
  settings: Record<string, unknown>;
  secrets: string[];
}

/** Sends test messages through stored backends. */
@Injectable()
export class BackendTester {
  readonly #definitions: Definitions;
  readonly #sealer: Sealer;
  readonly #wayOut: Pick<WayOut, 'network' | 'mailbox'>;
  readonly #log: Logger;

  constructor(
    @Inject(DEFINITIONS) definitions: Definitions,
    @Inject(SEALER) sealer: Sealer,
    wayOut: WayOut,
    @Inject(LOG) log: Logger,
  ) {
    this.#definitions = definitions;
    this.#sealer = sealer;
    this.#wayOut = wayOut;
    this.#log = log;
  }

  /**
   * Sends one message through a backend, paused or not. Throws NOT_FOUND, STATE_CONFLICT when the stored settings cannot be
   * used, REQUEST_INVALID for an address that the backend type refuses. What the backend does is an outcome, never a throw.
   */
  async test(slug: string, wish: TestWish): Promise<TestAnswer> {
    const stored = await this.#definitions.get('backend', slug);
    if (!stored) throw new HouseError('NOT_FOUND', { detail: `There is no backend \`${slug}\`.` });
    const opened = open(stored.body as unknown as Backend, this.#sealer);
    const refusal = refuse(opened.adapter, wish);
    if (refusal) throw new HouseError('REQUEST_INVALID', { faults: [{ pointer: '/to', detail: refusal }] });
    const startedAt = performance.now();
    const outcome = await this.#send(opened, wish);
    const durationMs = Math.round(performance.now() - startedAt);
    this.#log.info(
      {
        backend: slug,
        backendType: opened.adapter.manifest.type,
        outcome: outcome.kind,
        reason: outcome.reason,
        durationMs,
      },
      'backend.tested',
    );
    return { outcome: masked(outcome, opened.secrets), durationMs };
  }

  async #send({ adapter, settings, secrets }: Opened, wish: TestWish): Promise<Outcome> {
    const signal = AbortSignal.timeout(adapter.manifest.limits.timeoutMs);
    const { network, mailbox } = this.#wayOut;
    const context = { network, mailbox, signal, now: Date.now };
    let outcome: Outcome = { kind: 'delivered', reason: 'ok' };
    try {
      for (const message of messagesOf(adapter, wish)) {
        outcome = await adapter.send(message, settings, context);
        if (outcome.kind !== 'delivered') break;
      }
    } catch (error) {
      this.#log.error({ error: maskedError(error, secrets), backendType: adapter.manifest.type }, 'adapter.fault');
      return {
        kind: 'retryable',
        reason: 'adapter_fault',
        detail: error instanceof Error ? error.message : String(error),
      };
    }
    return outcome;
  }
}

function open(backend: Backend, sealer: Sealer): Opened {
  const adapter = adapterOf(backend.type);
  if (!adapter)
    throw new HouseError('STATE_CONFLICT', { detail: `This version has no backend type \`${backend.type}\`.` });
  const settings = openSettings(backend, sealer);
  const parsed = adapter.manifest.settings.safeParse(settings);
  if (!parsed.success) {
    throw new HouseError('STATE_CONFLICT', {
      detail: 'The stored settings no longer fit.',
      faults: faultsOf(parsed.error.issues, '/settings'),
    });
  }
  return { adapter, settings: parsed.data, secrets: secretsOf(adapter.manifest, settings) };
}

function openSettings(backend: Backend, sealer: Sealer): Record<string, JsonValue> {
  try {
    return sealer.open(backend.settings) as Record<string, JsonValue>;
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : 'The stored secrets cannot be opened.';
    throw new HouseError('STATE_CONFLICT', { detail, cause });
  }
}

function refuse({ manifest, refuseAddress }: AnyAdapter, { to, toKind }: TestWish): string | undefined {
  if (!manifest.abilities.includes(toKind)) return `a backend of type \`${manifest.type}\` cannot reach a ${toKind}`;
  return refuseAddress?.(to, toKind);
}

function messagesOf({ manifest }: AnyAdapter, { to, toKind, title, text: markdown }: TestWish): OutboundMessage[] {
  const { maxChars, ...rules } = manifest.text;
  const written = toDialect(
    { markdown, ...(title === undefined ? {} : { title }) },
    { ...rules, maxChars: maxChars.value },
  );
  const deliveryId = uuidv7();
  const event = { id: uuidv7(), source: 'vestnik', type: 'vestnik.test', time: new Date().toISOString(), data: {} };
  return written.parts.map((text, index) => ({
    deliveryId,
    attempt: 1,
    to,
    toKind,
    title: index === 0 ? written.title : undefined,
    text,
    part: { index: index + 1, of: written.parts.length },
    event,
  }));
}

function masked(outcome: Outcome, secrets: readonly string[]): Outcome {
  return outcome.detail === undefined
    ? outcome
    : { ...outcome, detail: ownWords(maskSecrets(outcome.detail, secrets)) };
}
