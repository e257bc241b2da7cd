/** `npm run chaos`: see `options.ts` for what can be said. Ends with 1 when the run found something that must not be. */
import { setMaxListeners } from 'node:events';
import { writeFileSync } from 'node:fs';
import { runChaos } from './chaos.ts';
import { readOptions, type RunOrder } from './options.ts';
import type { Report } from './report.ts';
import { runFlush } from './scenarios/flush.ts';
import { runOutage } from './scenarios/outage.ts';
import { runRolling } from './scenarios/rolling.ts';

const scenarios: Record<string, (order: RunOrder) => Promise<Report>> = {
  flush: runFlush,
  rolling: runRolling,
  outage: runOutage,
};

const say = (line: string): void => console.error(line);

async function main(): Promise<number> {
  const aborting = new AbortController();
  setMaxListeners(0, aborting.signal);
  // The first signal ends the run early, with its table; Ctrl-C may come twice, from the terminal and from npm.
  let last = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (last > 0 && Date.now() - last > 2000) say('… ending everything; one moment');
      last = Date.now();
      aborting.abort();
    });
  const order = readOptions(process.argv.slice(2), aborting.signal, say);
  const run = order.scenario === undefined ? runChaos : scenarios[order.scenario];
  if (!run) throw new Error(`There is no scenario "${order.scenario}": ${Object.keys(scenarios).join(', ')}.`);
  const { text, failures, figures } = await run(order);
  console.log(`\n${text}\n`);
  if (order.json) writeFileSync(order.json, JSON.stringify({ failures, figures, text }));
  console.log(failures.length === 0 ? '✓ nothing that must not be' : `✗ ${failures.join('; ')}`);
  return failures.length === 0 ? 0 : 1;
}

// What is waited for may be nothing that keeps a process alive; it must not end in the middle of it.
const alive = setInterval(() => undefined, 60_000);
try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exitCode = 1;
} finally {
  clearInterval(alive);
}
