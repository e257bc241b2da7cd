/** The run with faults in two minutes; `npm run chaos` is the long one. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'vestnik-chaos-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Load and faults, in minutes; with setting up and draining it makes two. */
const minutes = '1.25';
const drainSeconds = '40';
const withinMs = 150_000;

interface Outcome {
  failures: string[];
  figures: Record<string, number>;
  text: string;
}

/** Runs the harness as its command does; when this process is gone, it ends and cleans up after itself. */
async function runHarness(...args: string[]): Promise<Outcome> {
  const json = join(dir, 'report.json');
  const fromSources = ['--enable-source-maps', '--conditions=source', '--import', '@swc-node/register/esm-register'];
  const child = spawn(
    process.execPath,
    [...fromSources, '--import', './tools/follow-parent.mjs', 'test/chaos/main.ts', '--json', json, ...args],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (output += chunk));
  await new Promise((resolve) => child.once('close', resolve));
  try {
    return JSON.parse(readFileSync(json, 'utf8')) as Outcome;
  } catch (error) {
    throw new Error(`The harness made no report:\n${output}`, { cause: error });
  }
}

describe('an installation in which everything breaks', () => {
  it(
    'loses nothing, doubles nothing without a reason, keeps the order, and never ends by itself',
    async () => {
      const args = ['--minutes', minutes, '--drain-seconds', drainSeconds, '--rate', '100', '--seed', '1'];
      const { failures, figures, text } = await runHarness(...args);
      process.stdout.write(`${text}\n`);
      expect(failures).toEqual([]);
      expect(figures).toMatchObject({
        lost: 0,
        'still open': 0,
        'order violations': 0,
        'unexpected exits': 0,
        dead: 0,
      });
      expect(figures).toMatchObject({ 'doubled, unexplained': 0, 'doubled at the deduplicating sink': 0 });
      expect(figures['faults']).toBeGreaterThanOrEqual(10);
      expect(figures['accepted over HTTP']).toBeGreaterThan(3000);
      expect(figures['accepted over AMQP']).toBeGreaterThan(500);
    },
    withinMs,
  );
});
