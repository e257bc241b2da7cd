import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { birthMark, commandLine } from './process-identity.ts';

describe('process identity', () => {
  it('gives one life of a process the same mark every time', () => {
    expect(birthMark(process.pid)).toBeTruthy();
    expect(birthMark(process.pid)).toBe(birthMark(process.pid));
  });

  it('gives no mark to a process that has ended', async () => {
    const child = spawn('/bin/sh', ['-c', 'exit 0']);
    const pid = child.pid ?? 0;
    await once(child, 'exit');
    expect(birthMark(pid)).toBeUndefined();
    expect(commandLine(pid)).toBeUndefined();
  });

  it('shows the arguments of a living process', async () => {
    const child = spawn('sleep', ['4711']);
    await once(child, 'spawn');
    expect(commandLine(child.pid ?? 0)).toMatch(/sleep 4711/);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});
