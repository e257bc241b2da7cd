/**
 * A Redis for tests: from the PATH, else from the system's package manager, else from Docker. With apt nothing is installed
 * at all: the packages are only unpacked below the test folder, so it needs no root and starts no service.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from './fault.mjs';
import { librariesBelow, onPath, programFolders, run, unpackWithApt } from './fetch-packages.mjs';
import { freePort } from './free-port.mjs';

const names = ['redis-server', 'valkey-server'];
const installHint = 'Install Redis 6.2 or later (Debian and Ubuntu: apt-get install redis-server) and run this again.';

/**
 * Starts a Redis on a free port and resolves with its URL and a `stop`. `dir` is its own folder, `cacheDir` keeps what was
 * fetched for the next time.
 */
export async function startRedis({ dir, cacheDir, log }) {
  const command = onThisMachine(cacheDir) ?? install(cacheDir, log);
  mkdirSync(dir, { recursive: true });
  for (let round = 1; ; round += 1) {
    const port = await freePort();
    const server = await launch(command, port, dir);
    if (server.answers) return { url: `redis://127.0.0.1:${port}`, stop: () => stopRedis(server, port) };
    if (round === 5) throw new Fault(`Redis does not start: ${lastLine(join(dir, 'redis.log'))}`, installHint);
  }
}

/** A program that is there already and new enough, with the environment that it needs. */
function onThisMachine(cacheDir) {
  const candidates = programFolders().flatMap((folder) =>
    names.map((name) => ({ program: join(folder, name), env: {} })),
  );
  return [...candidates, unpacked(cacheDir)].find((candidate) => candidate && isUsable(candidate));
}

function unpacked(cacheDir) {
  const root = join(cacheDir, 'root');
  const program = join(root, 'usr/bin/redis-server');
  if (!existsSync(program)) return undefined;
  return { program, env: { LD_LIBRARY_PATH: librariesBelow(root) } };
}

function isUsable({ program, env }) {
  if (!existsSync(program)) return false;
  const answer = spawnSync(program, ['--version'], { encoding: 'utf8', env: { ...process.env, ...env } });
  const [major, minor] = (/v=(\d+)\.(\d+)/.exec(answer.stdout ?? '') ?? []).slice(1).map(Number);
  return major > 6 || (major === 6 && minor >= 2);
}

function install(cacheDir, log) {
  const ways = [
    { tool: 'apt-get', by: () => unpackWithApt('redis-server', cacheDir) },
    { tool: 'apk', by: () => asRoot(['apk', 'add', '--no-cache', 'redis']) },
    { tool: 'dnf', by: () => asRoot(['dnf', 'install', '-y', 'redis']) || asRoot(['dnf', 'install', '-y', 'valkey']) },
    { tool: 'brew', by: () => run(['brew', 'install', 'redis']) },
  ];
  for (const { tool, by } of ways) {
    if (!onPath(tool)) continue;
    log(`Redis is not here; fetching it with ${tool} …`);
    by();
    const found = onThisMachine(cacheDir);
    if (found) return found;
    log(`${tool} could not get it.`);
  }
  if (run(['docker', 'info'])) return { docker: true };
  throw new Fault('The tests need Redis, and neither the package manager nor Docker could provide it.', installHint);
}

function asRoot(command) {
  return process.getuid?.() === 0 ? run(command) : onPath('sudo') && run(['sudo', '-n', ...command]);
}

/** 4096 databases: one for every spec file (`libs/testing/services/src/redis.ts`). */
const settings = [
  '--databases',
  '4096',
  '--save',
  '',
  '--appendonly',
  'no',
  '--loglevel',
  'warning',
  '--set-proc-title',
  'no',
];

async function launch(command, port, dir) {
  const logFd = openSync(join(dir, 'redis.log'), 'a');
  const outside = [
    'run',
    '--rm',
    '--name',
    `vestnik-test-redis-${port}`,
    '-p',
    `127.0.0.1:${port}:6379`,
    'redis:7-alpine',
  ];
  const args = command.docker
    ? [...outside, 'redis-server', ...settings]
    : ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--pidfile', join(dir, 'redis.pid'), ...settings];
  const child = spawn(command.docker ? 'docker' : command.program, args, {
    detached: true,
    stdio: ['ignore', logFd, logFd],
    env: { ...process.env, ...command.env },
  });
  closeSync(logFd);
  const server = { child, docker: command.docker, gone: false, answers: false };
  child.once('error', () => (server.gone = true));
  child.once('exit', () => (server.gone = true));
  child.unref();
  // Docker may have to fetch the image first.
  const deadline = Date.now() + (command.docker ? 180_000 : 15_000);
  while (!server.gone && !server.answers && Date.now() < deadline) {
    server.answers = await ping(port);
    if (!server.answers) await pause(30);
  }
  return server;
}

function ping(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('data', (data) => {
      resolve(String(data).startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

async function stopRedis(server, port) {
  if (server.docker) run(['docker', 'stop', '-t', '1', `vestnik-test-redis-${port}`]);
  else if (!server.gone) server.child.kill('SIGTERM');
  const deadline = Date.now() + 10_000;
  while (!server.gone && Date.now() < deadline) await pause(20);
  if (!server.gone) server.child.kill('SIGKILL');
  rmSync(join(tmpdir(), `vestnik-redis-${port}`), { recursive: true, force: true });
}

function lastLine(path) {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').at(-1) : 'it said nothing';
}
