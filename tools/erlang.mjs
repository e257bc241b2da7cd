/** Where RabbitMQ and the Erlang that runs it are: on this machine, or unpacked from Debian's packages. */
import { existsSync, readdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from './fault.mjs';
import { librariesBelow, onPath, programFolders, unpackWithApt } from './fetch-packages.mjs';

const installHint =
  'Install RabbitMQ 3.8 or later with its Erlang (Debian, Ubuntu: apt-get install rabbitmq-server; macOS: brew install rabbitmq) and run this again.';

/**
 * Finds `{home, erl, erlCall, env}`: the folder of RabbitMQ, the programs of Erlang, and what their environment needs. Fetches
 * them with apt where they are not; elsewhere throws a fault that says what to install.
 */
export function findRabbitMq(cacheDir, log) {
  const found = installed() ?? unpacked(cacheDir);
  if (found) return found;
  if (onPath('apt-get') && onPath('dpkg')) {
    log('RabbitMQ is not here; fetching it with apt-get …');
    unpackWithApt('rabbitmq-server', cacheDir);
    const fetched = unpacked(cacheDir);
    if (fetched) return fetched;
  }
  throw new Fault(
    'The tests need RabbitMQ, and it is neither on this machine nor could apt-get provide it.',
    installHint,
  );
}

function installed() {
  const erl = programFolders()
    .map((folder) => join(folder, 'erl'))
    .find((path) => existsSync(path));
  const home = rabbitHomes().find(isUsable);
  return erl && home ? { home, erl, erlCall: join(dirname(realpathSync(erl)), 'erl_call'), env: {} } : undefined;
}

/** Folders that may hold RabbitMQ: around its program on the PATH, and where packages put it. */
function rabbitHomes() {
  const around = programFolders()
    .map((folder) => join(folder, 'rabbitmq-server'))
    .filter((path) => existsSync(path))
    .map((path) => dirname(dirname(realpathSync(path))));
  return [...around, ...below('/usr/lib/rabbitmq/lib'), '/opt/rabbitmq'];
}

function below(folder) {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

/** Quorum queues came with 3.8. */
function isUsable(home) {
  const plugins = join(home, 'plugins');
  if (!existsSync(plugins)) return false;
  const version = readdirSync(plugins).flatMap((name) => /^rabbit-(\d+)\.(\d+)/.exec(name)?.slice(1).map(Number) ?? []);
  return version[0] > 3 || (version[0] === 3 && version[1] >= 8);
}

function unpacked(cacheDir) {
  if (!existsSync(join(cacheDir, 'root'))) return undefined;
  const root = realpathSync(join(cacheDir, 'root'));
  const bin = join(root, 'usr/lib/erlang/bin');
  const home = below(join(root, 'usr/lib/rabbitmq/lib')).find(isUsable);
  const erl = join(bin, 'erl');
  if (!home || !existsSync(erl)) return undefined;
  moveErlang(erl, dirname(bin));
  return { home, erl, erlCall: join(bin, 'erl_call'), env: { LD_LIBRARY_PATH: librariesBelow(root) } };
}

/** The starter script has the place of the installed package written into it. */
function moveErlang(erl, place) {
  const script = readFileSync(erl, 'utf8');
  const quoted = place.replaceAll("'", String.raw`'\''`);
  const moved = script.replace(/\bROOTDIR=.*$/gm, () => `ROOTDIR='${quoted}'`);
  if (moved === script) return;
  // Others may be running the script at this moment.
  const written = `${erl}.${process.pid}`;
  writeFileSync(written, moved, { mode: 0o755 });
  renameSync(written, erl);
}
