import { ConfigError, loadConfig, type EnvSlice } from '#platform/config';
import {
  createHttpApp,
  HealthModule,
  listen,
  platformModule,
  serveDocs,
  stopOnSignals,
  stopServing,
  type Provided,
} from '#platform/http';
import { createLogger, type Logger } from '#platform/log';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { z } from 'zod';
import { openRuntime, runtimeProviders, type runtimeEnv, type Runtime } from './runtime.ts';

type ConfigOf<S extends EnvSlice> = Readonly<{ [K in keyof S]: z.output<S[K]> }>;

/** An app: its name, what it reads of the environment, and its modules. */
export interface AppDescription<S extends typeof runtimeEnv> {
  name: string;
  env: S;
  modules: readonly (Type | DynamicModule)[];
  /** Further values that its modules inject. */
  providers?: (config: ConfigOf<S>, runtime: Runtime) => Provided[];
  /** Whether the app is of no use while the queues are away; then `/health/ready` says so. Absent: true. */
  needsQueues?: boolean;
  /** Runs once everything is open and before anything is served. */
  prepare?: (runtime: Runtime) => Promise<void>;
}

/** A running app. */
export interface RunningApp {
  url: string;
  /** Stops; with `noticeMs`, after that many milliseconds of still serving while `/health/ready` is red already. */
  stop(noticeMs?: number): Promise<void>;
}

@Module({})
class RootModule {}

/** The root module of an app: its features on top of what the platform hands out. */
export function rootModule(
  modules: readonly (Type | DynamicModule)[],
  runtime: Runtime,
  providers: readonly Provided[],
): DynamicModule {
  const { log, database, queues } = runtime;
  const platform = platformModule({ log, database, queues, providers: [...providers] });
  return { module: RootModule, imports: [platform, HealthModule, ...modules] };
}

/** Starts an app with a configuration that was read already, and listens. */
export async function startApp<S extends typeof runtimeEnv>(
  app: AppDescription<S>,
  config: ConfigOf<S>,
  log: Logger,
): Promise<RunningApp> {
  const runtime = await openRuntime(config as never, log);
  let server: NestFastifyApplication | undefined;
  const stop = async (noticeMs = 0) => {
    try {
      if (server) await stopServing(server, noticeMs);
    } finally {
      await runtime.close();
    }
  };
  try {
    await app.prepare?.(runtime);
    const own = app.providers?.(config, runtime) ?? [];
    const root = rootModule(app.modules, runtime, [...runtimeProviders(runtime, app.needsQueues ?? true), ...own]);
    server = await createHttpApp(root, { log });
    serveDocs(server);
    const { HOST: host, PORT: port } = config as unknown as { HOST: string; PORT: number };
    const url = await listen(server, { host, port });
    log.info({ url }, 'app.listening');
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** How much longer than the drain a stopping process may take before it is ended, in milliseconds. */
const stopSlackMs = 10_000;

/** The `main` of an app: reads the environment, starts, and stops on SIGTERM or SIGINT. Ends the process with 78 when the configuration does not fit, with 1 when the start fails. */
export async function runApp<S extends typeof runtimeEnv>(app: AppDescription<S>): Promise<void> {
  try {
    const config = loadConfig(app.env) as ConfigOf<S>;
    const log = createLogger(app.name, config.LOG_LEVEL as string);
    const running = await startApp(app, config, log);
    const drainS = (config as { STOP_TIMEOUT_S?: number }).STOP_TIMEOUT_S ?? 20;
    // Whoever presses Ctrl-C has no load balancer in front.
    const noticeMs = (config as unknown as { STOP_NOTICE_S: number }).STOP_NOTICE_S * 1000;
    const stop = (signal: string) => running.stop(signal === 'SIGTERM' ? noticeMs : 0);
    stopOnSignals(log, stop, noticeMs + drainS * 1000 + stopSlackMs);
  } catch (error) {
    endWith(error);
  }
}

/** Ends the process with one clear line: what did not work and, where there is one, the remedy. */
export function endWith(error: unknown): never {
  process.stderr.write(`${describe(error)}\n`);
  process.exit(error instanceof ConfigError ? error.exitCode : 1);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { remedy, syscall } = error as { remedy?: unknown; syscall?: unknown };
  if (typeof remedy === 'string') return `${error.message}\n${remedy}`;
  const expected = error instanceof ConfigError || typeof syscall === 'string';
  return expected ? error.message : (error.stack ?? error.message);
}
