import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';

const count = 2000;
const script = `
  import { createLogger } from '#platform/log';
  const log = createLogger('child', 'info');
  for (let number = 1; number <= ${count}; number += 1) log.info({ number, note: 'x'.repeat(100) }, 'line.written');
  process.exit(3);`;

describe('the logger of a process', () => {
  it('loses no line when the process ends at once', () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--conditions=source', '--import', '@swc-node/register/esm-register', '--input-type=module', '-e', script],
      { cwd: new URL('../../../..', import.meta.url), env: { ...process.env, NODE_OPTIONS: '' }, encoding: 'utf8' },
    );
    expect(status).toBe(3);
    const numbers = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { number: number }).number);
    expect(numbers).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  });
});
