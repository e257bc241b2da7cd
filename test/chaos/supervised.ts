/** A built app as a child process that comes back a second after it has ended, as it would under systemd. */
import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Ends the child when the harness is gone, even killed. */
const followParent = new URL('../../tools/follow-parent.mjs', import.meta.url).href;
const restartAfterMs = 1000;
/** What is kept of a process's output for whoever asks why it ended. */
const keptLines = 40;
/** How long a process that was asked to end may take. */
const endWithinMs = 45_000;

/** An end that nobody asked for. */
export interface Exit {
  name: string;
  at: number;
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Whether it had served before it ended; if not, its start failed. */
  served: boolean;
  /** When this life began, in milliseconds since 1970. */
  startedAt: number;
  lastLines: string[];
}

/** What to start. */
export interface ProcessOrder {
  name: string;
  app: string;
  port: number;
  env: NodeJS.ProcessEnv;
  /** File that its whole output is appended to. */
  logFile?: string | undefined;
}

/** One process with its supervisor. */
export class Supervised {
  readonly name: string;
  readonly app: string;
  readonly url: string;
  /** Ends that nobody asked for. */
  readonly exits: Exit[] = [];
  /** How often the supervisor has started it again. */
  restarts = 0;
  /** Most memory that one of its lives has had resident, in MiB. */
  peakMib = 0;
  /** How many lines of level warn and above it has written, by what they say. */
  readonly complaints = new Map<string, number>();
  readonly #order: ProcessOrder;
  #child: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();
  #lines: string[] = [];
  #startedAt = 0;
  #served = false;
  #expected = false;
  #retired = false;

  constructor(order: ProcessOrder) {
    this.#order = order;
    this.name = order.name;
    this.app = order.app;
    this.url = `http://127.0.0.1:${order.port}`;
  }

  /** Starts it. */
  start(): void {
    const { app, port, env } = this.#order;
    const script = `${root}dist/apps/${app}/src/main.js`;
    const args = ['--enable-source-maps', '--import', followParent, script];
    // In a session of its own, so that Ctrl-C leaves it to the harness.
    const child = spawn(process.execPath, args, {
      env: { PATH: process.env['PATH'], ...env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    this.#child = child;
    this.#lines = [];
    this.#startedAt = Date.now();
    this.#served = false;
    this.#expected = false;
    let rest = '';
    const read = (chunk: Buffer): void => {
      if (this.#order.logFile) appendFileSync(this.#order.logFile, chunk);
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#read(line);
    };
    child.stdout!.on('data', read);
    child.stderr!.on('data', read);
    this.#gone = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        resolve();
        // What it wrote last may still be on its way.
        setTimeout(() => this.#onExit(code, signal), 50);
      });
    });
  }

  /** Whether it has said that it listens, and lives. */
  get serves(): boolean {
    return this.#served && this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends a signal that ends it; the supervisor starts it again. Resolves when it is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#expected = true;
    this.#child?.kill(signal);
    await this.#gone;
  }

  /** Stops it in the middle of whatever it does. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** Lets it go on. */
  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Ends it for good: asks, and after a while does not ask any more. Answers whether it ended when asked. */
  async retire(): Promise<boolean> {
    this.#retired = true;
    this.#expected = true;
    this.thaw();
    this.#child?.kill('SIGTERM');
    const timer = new AbortController();
    const late = pause(endWithinMs, true, { signal: timer.signal }).catch(() => false);
    const isLate = await Promise.race([this.#gone.then(() => false), late]);
    timer.abort();
    if (isLate) this.#child?.kill('SIGKILL');
    await this.#gone;
    return !isLate;
  }

  /** Ends it when asked and starts it again at once; resolves when it is ready. Answers how long it took to end, in milliseconds. */
  async roll(): Promise<number> {
    this.#retired = true;
    const askedAt = Date.now();
    await this.kill('SIGTERM');
    const tookMs = Date.now() - askedAt;
    await pause(100);
    this.#retired = false;
    this.start();
    while (!(await this.isReady())) await pause(50);
    return tookMs;
  }

  /** Whether `/health/ready` answers 200. */
  async isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(3000) });
      await answer.arrayBuffer();
      return answer.status === 200;
    } catch {
      return false;
    }
  }

  /** Looks at its memory. */
  weigh(): void {
    try {
      const status = readFileSync(`/proc/${this.#child?.pid}/status`, 'utf8');
      const mib = Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
      this.peakMib = Math.max(this.peakMib, mib);
    } catch {
      // It is away just now.
      return;
    }
  }

  #read(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > keptLines) this.#lines.shift();
    if (!this.#served && line.includes('"msg":"app.listening"')) this.#served = true;
    const [, level, msg] = /^\{"level":(\d+)[^]*"msg":"([^"]*)"/.exec(line) ?? [];
    if (Number(level) < 40 || level === undefined) return;
    const said = `${Number(level) >= 50 ? 'error' : 'warn'} ${msg}`;
    this.complaints.set(said, (this.complaints.get(said) ?? 0) + 1);
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    if (!this.#expected) {
      const { name } = this;
      const life = { served: this.#served, startedAt: this.#startedAt };
      this.exits.push({ name, at: Date.now(), code, signal, ...life, lastLines: this.#lines.slice(-8) });
    }
    if (this.#retired) return;
    setTimeout(() => {
      if (this.#retired) return;
      this.restarts += 1;
      this.start();
    }, restartAfterMs);
  }
}
