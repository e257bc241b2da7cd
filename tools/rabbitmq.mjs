/**
 * A RabbitMQ for tests: from this machine, else unpacked from Debian's packages. It runs as whoever starts it, with all its
 * files below one folder, listens on 127.0.0.1 only, and has an epmd (Erlang's table of nodes) of its own, so that several
 * can run at once and nothing stays behind.
 */
import { execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, symlinkSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findRabbitMq } from './erlang.mjs';
import { Fault } from './fault.mjs';
import { freePort } from './free-port.mjs';

const startsWithinMs = 60_000;

/**
 * Starts a RabbitMQ and resolves once it takes connections, with `url` (guest/guest), `port`, `pid()`, `kill()` (SIGKILL,
 * waits until it is gone), `start()` (again, same port, same data), `flush()`, `evaluate(code)` (runs Erlang inside
 * it; for what AMQP cannot ask for) and `stop()`. A broker that is killed within some seconds of the declaration of a quorum
 * queue forgets where that queue's messages are, unless it was flushed. `dir` is its own folder, `cacheDir` keeps what was fetched for the next time.
 */
export async function startRabbitMq({ dir, cacheDir, log, port: wanted }) {
  const program = findRabbitMq(cacheDir, log);
  mkdirSync(dir, { recursive: true });
  for (let round = 1; ; round += 1) {
    const ports = { amqp: wanted ?? (await freePort()), epmd: await freePort(), dist: await freePort() };
    const broker = new Broker(program, dir, ports);
    if (await broker.begin()) return broker.face();
    await broker.end();
    if (round === 3) throw new Fault(`RabbitMQ does not start: ${lastLine(broker.logFile)}`, `See ${broker.logFile}.`);
  }
}

class Broker {
  #program;
  #dir;
  #ports;
  #env;
  #epmd;
  #server;

  constructor(program, dir, ports) {
    this.#program = program;
    this.#dir = dir;
    this.#ports = ports;
    this.#env = environment(program, dir, ports);
    this.logFile = join(dir, 'rabbitmq.log');
  }

  /** Starts epmd and the broker; answers whether the broker takes connections. */
  async begin() {
    writeSettings(this.#dir, this.#ports);
    // By this name, its command line tells whose it is.
    const epmd = join(this.#dir, 'epmd');
    rmSync(epmd, { force: true });
    symlinkSync(join(dirname(this.#program.erlCall), 'epmd'), epmd);
    this.#epmd = this.#launch(epmd, ['-address', '127.0.0.1']);
    writeFileSync(join(this.#dir, 'epmd.pid'), String(this.#epmd.child.pid));
    while (!this.#epmd.gone && !(await talks(this.#ports.epmd))) await pause(10);
    return !this.#epmd.gone && this.#start();
  }

  face() {
    const { amqp: port } = this.#ports;
    return {
      url: `amqp://guest:guest@127.0.0.1:${port}`,
      port,
      pid: () => this.#server.child.pid,
      kill: () => killed(this.#server),
      start: async () => {
        if (!(await this.#start())) throw new Error(`RabbitMQ does not start again: ${lastLine(this.logFile)}`);
      },
      evaluate: (code) => this.#evaluate(code),
      flush: async () => void (await this.#evaluate('[dets:sync(Table) || Table <- dets:all()].')),
      stop: () => this.end(),
    };
  }

  /** Its files are for nobody after this, so it is not asked to put them in order. */
  async end() {
    await Promise.all([this.#server, this.#epmd].map((one) => one && killed(one)));
  }

  async #start() {
    if (this.#server && !this.#server.gone) return true;
    this.#server = this.#launch(this.#program.erl, erlangArguments);
    writeFileSync(join(this.#dir, 'rabbitmq.pid'), String(this.#server.child.pid));
    const deadline = Date.now() + startsWithinMs;
    while (!this.#server.gone && Date.now() < deadline) {
      if (await talks(this.#ports.amqp, 'AMQP\0\0\x09\x01')) return true;
      await pause(50);
    }
    return false;
  }

  #launch(command, args) {
    const logFd = openSync(this.logFile, 'a');
    const child = spawn(command, args, {
      cwd: this.#dir,
      detached: true,
      stdio: ['ignore', logFd, logFd],
      env: this.#env,
    });
    closeSync(logFd);
    const one = { child, gone: false, ended: undefined };
    one.ended = new Promise((resolve) => {
      const end = () => resolve((one.gone = true));
      child.once('error', end);
      child.once('exit', end);
    });
    child.unref();
    return one;
  }

  #evaluate(code) {
    const cookie = readFileSync(join(this.#dir, '.erlang.cookie'), 'utf8').trim();
    const args = ['-c', cookie, '-timeout', '30', '-name', nodeName(this.#ports), '-e'];
    return new Promise((resolve, reject) => {
      const call = execFile(this.#program.erlCall, args, { env: this.#env }, (error, output) =>
        error ? reject(error) : resolve(output.replace(/^\{ok, ([^]*)\}$/, '$1')),
      );
      call.stdin.end(`${code}\n`);
    });
  }
}

/** Without a shell of its own, and without spinning while idle. */
const erlangArguments = [
  ['-noinput', '-s', 'rabbit', 'boot', '-boot', 'start_sasl', '+W', 'w', '+B', 'i'],
  ['+sbwt', 'none', '+sbwtdcpu', 'none', '+sbwtdio', 'none'],
  ['-kernel', 'inet_dist_use_interface', '{127,0,0,1}', '-kernel', 'prevent_overlapping_partitions', 'false'],
  ['-syslog', 'logger', '[]', '-syslog', 'syslog_error_logger', 'false'],
].flat();

/** A long name, because its address needs no look-up. */
function nodeName(ports) {
  return `vestnik-${ports.amqp}@127.0.0.1`;
}

function environment({ home, env }, dir, ports) {
  const { PATH, LANG } = process.env;
  return {
    PATH,
    ...(LANG ? { LANG } : {}),
    ...env,
    HOME: dir,
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_CRASH_DUMP_SECONDS: '0',
    ERL_LIBS: join(home, 'plugins'),
    RABBITMQ_HOME: home,
    RABBITMQ_PLUGINS_DIR: join(home, 'plugins'),
    RABBITMQ_USE_LONGNAME: 'true',
    RABBITMQ_NODENAME: nodeName(ports),
    RABBITMQ_DIST_PORT: String(ports.dist),
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(dir, 'advanced.config'),
    RABBITMQ_CONF_ENV_FILE: join(dir, 'none.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(dir, 'data'),
    RABBITMQ_LOG_BASE: join(dir, 'log'),
  };
}

function writeSettings(dir, ports) {
  const settings = [
    `listeners.tcp.default = 127.0.0.1:${ports.amqp}`,
    'log.console = true',
    'log.console.level = warning',
    'log.file = false',
    // Half a gigabyte otherwise.
    'raft.wal_max_size_bytes = 33554432',
  ];
  writeFileSync(join(dir, 'rabbitmq.conf'), `${settings.join('\n')}\n`);
  writeFileSync(join(dir, 'advanced.config'), '[].\n');
  writeFileSync(join(dir, 'enabled_plugins'), '[].\n');
}

async function killed(one) {
  one.child.ref();
  if (!one.gone) one.child.kill('SIGKILL');
  await one.ended;
  one.child.unref();
}

/** Whether a port takes a connection and, where a greeting is given, answers it. */
function talks(port, greeting) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      if (greeting) return socket.write(greeting, 'latin1');
      resolve(true);
      socket.destroy();
    });
    socket.setTimeout(2000, () => socket.destroy());
    socket.once('data', (data) => {
      // A method frame: Connection.Start. A broker that is not ready sends nothing or closes.
      resolve(data[0] === 1);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

function lastLine(path) {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').at(-1) : 'it said nothing';
}
