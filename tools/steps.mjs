/**
 * What has to be done before anything can run: install, generate, build. Each step looks first whether there is anything to
 * do, so that a second start is quick, and says in one line what it did and how long it took.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from './fault.mjs';
import { root } from './root.mjs';

const at = (path) => new URL(path, root).pathname;
const stampDir = at('dist/.steps');

/** Brings node_modules, the Prisma client and, unless `build` is false, `dist` up to date. One process at a time. */
export async function prepare({ build = true } = {}) {
  const unlock = await lock();
  try {
    await install();
    await generate();
    if (build) await compile();
  } finally {
    unlock();
  }
}

/** Runs one step and says how long it took; a step that answers false had nothing to do. */
export async function step(name, work) {
  const startedAt = Date.now();
  const done = await work();
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(done === false ? `· ${name}: up to date` : `✓ ${name} (${seconds} s)`);
}

async function install() {
  await step('dependencies', async () => {
    if (isInstalled()) return false;
    console.log('… installing dependencies; the first time this takes a minute or two');
    // Without the registry npm tries for many minutes; what is in its cache may be enough, and that is known at once.
    if (await registryIsAway()) {
      if (await npmInstall('--offline')) return true;
    } else if ((await npmInstall()) || (await npmInstall())) {
      return true;
    }
    throw new Fault(
      'npm could not install the dependencies (its own words are above).',
      'Check that this machine reaches the package registry (`npm ping`, `npm config get registry`, proxy), then start again.',
    );
  });
}

/** Whether the registry cannot be reached at all; any answer, also a refusal, counts as reached. */
async function registryIsAway() {
  const patience = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=20000'];
  const { code, output } = await run([...npm(), 'ping', ...patience]);
  return code !== 0 && /ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|UNREACH|TIMEOUT|SELF_SIGNED|UNABLE_TO/.test(output);
}

/** The npm that runs us, else the one on the PATH. */
function npm() {
  const self = process.env.npm_execpath ?? '';
  return self.endsWith('.js') ? [process.execPath, self] : ['npm'];
}

/** npm writes down what it has installed; the lock file says what should be there. */
function isInstalled() {
  const installedPath = at('node_modules/.package-lock.json');
  if (!existsSync(installedPath)) return false;
  const wanted = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedPath, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    if (!found) return entry.optional === true || entry.devOptional === true || entry.peer === true;
    return found.version === entry.version && (entry.optional === true || existsSync(at(path)));
  });
}

/**
 * Installs what the lock file names. Not by `npm ci`, which refuses a lock file that lacks optional packages of other
 * platforms, and one made against a mirror that has only some platforms lacks them. `--no-save` leaves the lock file alone.
 */
async function npmInstall(...more) {
  const args = [
    'install',
    ...more,
    '--no-save',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--include=dev',
    '--include=optional',
    '--loglevel=error',
  ];
  const startedAt = Date.now();
  // npm shows its progress only on a terminal.
  const say = () => console.log(`… still installing (${Math.round((Date.now() - startedAt) / 1000)} s)`);
  const timer = process.stderr.isTTY ? undefined : setInterval(say, 15_000);
  const { code } = await run([...npm(), ...args], { stdio: 'inherit' });
  clearInterval(timer);
  return code === 0;
}

/** Whether a step's inputs are those of its last run; `done` notes that they are now. */
function stamp(name, inputs) {
  const hash = createHash('sha256');
  for (const path of inputs) hash.update(`${path}\n`).update(readFileSync(path)).update('\n');
  const digest = hash.digest('hex');
  const file = join(stampDir, name);
  return {
    isCurrent: existsSync(file) && readFileSync(file, 'utf8') === digest,
    done: () => {
      mkdirSync(stampDir, { recursive: true });
      writeFileSync(file, digest);
    },
  };
}

async function generate() {
  await step('database client', async () => {
    const mark = stamp('generate', [at('prisma/schema.prisma'), at('node_modules/prisma/package.json')]);
    if (mark.isCurrent && existsSync(at('libs/platform/store/src/generated/client.ts'))) return false;
    const { code, output } = await run([process.execPath, at('node_modules/prisma/build/index.js'), 'generate'], {
      env: {
        ...process.env,
        // `generate` needs no engine, but insists on having one and would download it; any program will do.
        PRISMA_SCHEMA_ENGINE_BINARY:
          ['/bin/true', '/usr/bin/true'].find((path) => existsSync(path)) ?? process.execPath,
        PRISMA_HIDE_UPDATE_MESSAGE: 'true',
        CHECKPOINT_DISABLE: '1',
      },
    });
    if (code !== 0)
      throw new Fault(`The database client could not be generated:\n${output}`, 'Correct prisma/schema.prisma.');
    mark.done();
    return true;
  });
}

async function compile() {
  await step('build', async () => {
    const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'].map(at);
    const sources = ['apps', 'libs', 'prisma', 'bench'].flatMap((folder) => sourcesIn(at(folder)));
    const mark = stamp('build', [...settings, ...sources]);
    if (mark.isCurrent && existsSync(at('dist/libs'))) return false;
    if (!existsSync(at('dist/libs'))) rmSync(at('dist/.tsbuildinfo'), { force: true });
    const { code, output } = await run([
      process.execPath,
      at('node_modules/typescript/bin/tsc'),
      '-p',
      'tsconfig.build.json',
    ]);
    if (code !== 0) throw new Fault(`The build failed:\n${output}`, 'Correct the lines named above.');
    mark.done();
    return true;
  });
}

function sourcesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|json)$/.test(entry.name) && !entry.name.endsWith('.spec.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** Runs a program in the root to its end; without `stdio` its output is collected. */
export function run([program, ...args], options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
    child.once('error', (error) => resolve({ code: 1, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Two starts in one fresh clone must not install over each other. The lock of a process that is gone does not count. */
async function lock() {
  mkdirSync(stampDir, { recursive: true });
  const path = join(stampDir, 'lock');
  const mine = `${process.pid} ${birthOf(process.pid)}`;
  for (let said = false; ; said = true) {
    try {
      writeFileSync(path, mine, { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw cannotWrite(error);
    }
    const [pid = '', ...rest] = existsSync(path) ? readFileSync(path, 'utf8').split(' ') : [];
    const birth = rest.join(' ');
    if (birth && birthOf(pid) !== birth) rmSync(path, { force: true });
    else if (!said) console.log(`… waiting for pid ${pid}, which is preparing this folder`);
    await pause(200);
  }
}

function cannotWrite(error) {
  const remedy =
    error.code === 'ENOSPC' ? 'Free some space.' : 'Give the user that starts Vestnik the right to write here.';
  return new Fault(`Cannot write to ${stampDir}: ${error.code}.`, remedy);
}

/** Start time of a process, which tells it from a later one with its pid; empty when it is gone. */
function birthOf(pid) {
  if (!existsSync('/proc/self/stat'))
    return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  if (!existsSync(`/proc/${pid}/stat`)) return '';
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
