import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { settleAccess } from '../access.ts';
import { HealthModule } from '../health/health.module.ts';
import { buildOpenApi } from './build.ts';

/** The classes that the modules to be described, and the stand-ins for what they inject, hang on. */
class DescribedModule {}
class StandInModule {}

/**
 * Builds the API document of modules without running them: in Nest's preview mode nothing is instantiated, so it needs no
 * database, no queue and no configuration. Everything that they inject from the platform is stood in for.
 */
export async function describeModules(modules: readonly (Type | DynamicModule)[]): Promise<OpenAPIObject> {
  const described = [...modules, HealthModule];
  const root: DynamicModule = { module: DescribedModule, imports: [standIns(described), ...described] };
  const app = await NestFactory.create<INestApplication>(root, new FastifyAdapter(), {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  settleAccess(app);
  return buildOpenApi(app);
}

function standIns(modules: readonly (Type | DynamicModule)[]): DynamicModule {
  const tokens = [...new Set(modules.flatMap(symbolsOf))];
  return {
    module: StandInModule,
    global: true,
    providers: tokens.map((provide) => ({ provide, useValue: {} })),
    exports: tokens,
  };
}

/** The symbols that the classes of a module, and of the modules it imports, inject. Those a module provides itself win over these. */
function symbolsOf(entry: Type | DynamicModule): symbol[] {
  const dynamic: Partial<Record<string, unknown>> = 'module' in entry ? { ...entry } : {};
  const module = 'module' in entry ? entry.module : entry;
  const list = (key: string): unknown[] => [
    ...((Reflect.getMetadata(key, module) as unknown[] | undefined) ?? []),
    ...((dynamic[key] as unknown[] | undefined) ?? []),
  ];
  const classes = [module, ...list('controllers'), ...list('providers')].filter((entry) => typeof entry === 'function');
  const own = classes.flatMap((entry) => {
    const injected = (Reflect.getMetadata('self:paramtypes', entry) ?? []) as { param: unknown }[];
    return injected.map(({ param }) => param);
  });
  const factories = list('providers').flatMap((entry) => (entry as { inject?: unknown[] }).inject ?? []);
  const symbols = [...own, ...factories].filter((token) => typeof token === 'symbol');
  return [...symbols, ...(list('imports') as (Type | DynamicModule)[]).flatMap(symbolsOf)];
}

/** Writes a document the way it is committed. */
export function openApiText(document: OpenAPIObject): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
