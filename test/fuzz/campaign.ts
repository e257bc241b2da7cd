/** Sends very many bad requests and judges every answer; makes the first failing one of a kind as small as it can. */
import fc from 'fast-check';
import { faultOf, SecretScanner } from './judge.ts';
import { oddBytes } from './odd-bytes.ts';
import { bytesOf, requestsTo, type FuzzRequest } from './requests.ts';
import { throwAt, Wire, WireFault, type WireAnswer } from './wire.ts';
import type { World } from './world.ts';

/** How much to send. */
export interface CampaignPlan {
  inputs: number;
  seed: number;
  /** Connections that send at the same time. */
  lanes: number;
}

/** A rule that was broken, with the smallest input that breaks it. */
export interface Violation {
  what: string;
  input: string;
}

/** What a campaign saw. */
export interface CampaignReport {
  /** Group → answer → how often. */
  counts: Map<string, Map<string, number>>;
  sent: number;
  violations: Violation[];
  /** The longest time to an answer, in milliseconds. */
  longestMs: number;
}

/** Longest wait for an answer, in milliseconds: an attempt to a backend that is not there is among them. */
const answerWithinMs = 30_000;

/** An answer that takes longer than this, in milliseconds, has blocked the process or was blocked; it is asked for again alone. */
const slowMs = 2_000;

/** Most inputs that are asked again alone. */
const mostSlow = 64;

type Input = { request: FuzzRequest; odd?: never } | { odd: string; request?: never };

/** Runs a campaign against a world. */
export async function runCampaign(world: World, plan: CampaignPlan): Promise<CampaignReport> {
  const campaign = new Campaign(world, new SecretScanner(world.secrets));
  const share = Math.ceil(plan.inputs / plan.lanes);
  await Promise.all(Array.from({ length: plan.lanes }, (_, lane) => campaign.runLane(share, plan.seed * 1_000 + lane)));
  await campaign.judgeSlow();
  await campaign.judgeProcess();
  return campaign.report;
}

class Campaign {
  readonly report: CampaignReport = { counts: new Map(), sent: 0, violations: [], longestMs: 0 };
  readonly #world: World;
  readonly #scanner: SecretScanner;
  readonly #inputs: fc.Arbitrary<Input>;
  /** How often each kind of fault was seen. */
  readonly #kinds = new Map<string, number>();
  readonly #slow: Input[] = [];

  constructor(world: World, scanner: SecretScanner) {
    this.#world = world;
    this.#scanner = scanner;
    const requests = world.operations.map((operation) => ({
      // The door takes the widest variety of bodies.
      weight: operation.group === 'POST /v1/events' ? 6 : 2,
      arbitrary: requestsTo(operation, world.pools).map((request): Input => ({ request })),
    }));
    this.#inputs = fc.oneof(...requests, { weight: 3, arbitrary: oddBytes.map((odd): Input => ({ odd })) });
  }

  /** Sends a share of the inputs, one after the other. A fault of a new kind is made small, then the lane goes on. */
  async runLane(share: number, seed: number): Promise<void> {
    const wire = new Wire(this.#world.port);
    for (let left = share, round = 0; left > 0; round += 1) {
      const before = left;
      let chasing: string | undefined;
      const property = fc.asyncProperty(this.#inputs, async (input) => {
        left -= 1;
        const startedMs = performance.now();
        const fault = await this.#try(wire, input);
        const tookMs = performance.now() - startedMs;
        this.report.longestMs = Math.max(this.report.longestMs, tookMs);
        if (tookMs > slowMs && this.#slow.length < mostSlow) this.#slow.push(input);
        if (fault === undefined) return;
        const kind = kindOf(`${input.request?.group} ${fault}`);
        if (chasing === undefined && this.#isKnown(kind)) return;
        chasing ??= kind;
        if (kind === chasing) throw new Error(fault);
      });
      const result = await fc.check(property, { numRuns: left, seed: seed + round * 7_919 });
      if (result.failed && result.counterexample) this.#note(result.counterexample[0], result.errorInstance);
      if (left === before) break;
    }
    wire.close();
  }

  /** Asks alone what took long in the crowd: what takes long then too keeps the process from doing anything else. */
  async judgeSlow(): Promise<void> {
    for (const input of this.#slow.splice(0)) {
      const tookMs = await this.#timed(new Wire(this.#world.port), input);
      if (tookMs > slowMs) this.#note(input, `takes ${Math.round(tookMs)} ms alone`);
    }
  }

  async #timed(wire: Wire, input: Input): Promise<number> {
    const startedMs = performance.now();
    await this.#try(wire, input);
    wire.close();
    return performance.now() - startedMs;
  }

  /** The process must be well after all this, and must have kept its secrets out of the log. */
  async judgeProcess(): Promise<void> {
    const { fleet } = this.#world;
    for (const { app, child, output } of fleet.processes) {
      if (child.exitCode !== null || child.signalCode !== null)
        this.#add(`${app} ended with ${child.exitCode ?? child.signalCode}: ${output().slice(-2_000)}`, '');
      const lines = output().split('\n');
      const leak = lines.find((line) => this.#scanner.find(line) !== undefined);
      if (leak !== undefined) this.#add(`a secret stands in the log`, leak.slice(0, 1_000));
      const bug = lines.find((line) => line.includes('"level":50') || /^(Uncaught|Error|TypeError)/.test(line));
      if (bug !== undefined) this.#add('the log tells of an error', bug.slice(0, 2_000));
    }
    for (const path of ['/health/live', '/health/ready']) {
      const status = await fetch(fleet.admin.url + path, { signal: AbortSignal.timeout(5_000) }).then(
        (answer) => answer.status,
        (error: unknown) => String(error),
      );
      if (status !== 200) this.#add(`${path} answers ${status} afterwards`, '');
    }
  }

  async #try(wire: Wire, { request, odd }: Input): Promise<string | undefined> {
    this.report.sent += 1;
    const group = request?.group ?? 'bytes that need not be HTTP';
    try {
      const answers =
        odd === undefined
          ? [await wire.ask(bytesOf(request!), request!.method === 'HEAD', answerWithinMs)]
          : await throwAt(this.#world.port, Buffer.from(odd, 'latin1'), answerWithinMs);
      for (const answer of answers) this.#count(group, outcomeOf(answer));
      if (answers.length === 0) this.#count(group, 'closed');
      return answers.map((answer) => faultOf(answer, request?.method ?? '', this.#scanner)).find(Boolean);
    } catch (error) {
      this.#count(group, 'none');
      return error instanceof WireFault ? error.message : String(error);
    }
  }

  #count(group: string, outcome: string): void {
    const row = this.report.counts.get(group) ?? new Map<string, number>();
    this.report.counts.set(group, row.set(outcome, (row.get(outcome) ?? 0) + 1));
  }

  /** Whether some lane has this kind already; from now on, one has. */
  #isKnown(kind: string): boolean {
    const times = this.#kinds.get(kind) ?? 0;
    this.#kinds.set(kind, times + 1);
    return times > 0;
  }

  #note({ request, odd }: Input, error: unknown): void {
    const bytes = request ? bytesOf(request) : Buffer.from(odd, 'latin1');
    const text = JSON.stringify(bytes.toString('latin1').replaceAll(this.#world.pools.key, '<key>'));
    const what =
      error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error);
    this.#add(what, text.slice(0, 4_000));
  }

  #add(what: string, input: string): void {
    this.report.violations.push({ what, input });
  }
}

function outcomeOf({ status }: WireAnswer): string {
  return String(status);
}

/** Faults of one kind differ in ids and numbers only. */
function kindOf(fault: string): string {
  return fault
    .replace(/; on the same connection.*/s, '')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '')
    .slice(0, 120);
}
