/** Runs the all-in-one process as a child, hands signals on, and leaves nothing behind. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { root } from './root.mjs';

const privateNetworks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'];
const loopbackNetworks = ['127.0.0.0/8', '::1/128'];
/** A larger nursery for short-lived objects: the flow makes many, and collecting them less often saves a tenth of the CPU. */
export const nodeOptions = ['--enable-source-maps', '--max-semi-space-size=64'];
/** Longer than the process itself takes at most: open deliveries, then the database. */
const stopWithinMs = 90_000;

/** Reads `.env`, then sets what a newcomer wants unless it is set: the demo, and backends on this very machine. */
export function demoEnvironment() {
  const file = new URL('.env', root);
  if (existsSync(file)) process.loadEnvFile(file.pathname);
  return {
    ...process.env,
    SEED_DEMO: process.env.SEED_DEMO || 'true',
    TARGET_NETWORKS: process.env.TARGET_NETWORKS || [...privateNetworks, ...loopbackNetworks].join(','),
  };
}

/** Starts node with these arguments and resolves with its exit code. */
export function runVestnik(args) {
  return new Promise((resolve) => {
    // In a group of its own: Ctrl-C reaches it once, from us, and not also from the terminal. The channel tells it when
    // this process is killed without a chance to say so.
    const follow = new URL('tools/follow-parent.mjs', root).href;
    const child = spawn(process.execPath, [...nodeOptions, '--import', follow, ...args], {
      cwd: root,
      env: demoEnvironment(),
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    let timer;
    const stop = (signal) => {
      if (timer) return;
      child.kill(signal);
      timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.on(signal, () => stop(signal === 'SIGHUP' ? 'SIGTERM' : signal));
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      resolve(code ?? (timer && signal !== 'SIGKILL' ? 0 : 1));
    });
  });
}
