/** `npm run fuzz -- --inputs 200000 --seed 1`: the endpoints, with as many inputs as are asked for. */
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { tableOf } from './table.ts';
import { openWorld } from './world.ts';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '16' },
  },
});
const world = await openWorld();
try {
  const startedMs = performance.now();
  const plan = { inputs: Number(values.inputs), seed: Number(values.seed), lanes: Number(values.lanes) };
  const report = await runCampaign(world, plan);
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  process.stdout.write(`${tableOf(report)}\n${seconds} s, seed ${plan.seed}\n`);
  process.exitCode = report.violations.length > 0 ? 1 : 0;
} finally {
  await world.close();
}
