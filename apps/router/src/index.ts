/** ROUTE: event → rules → deliveries; sweeps up what was left lying. */
import { databaseEnv } from '#platform/config';
import type { Provided } from '#platform/http';
import { Module } from '@nestjs/common';
import { ROUTER_CONFIG, RouterWorker, type RouterConfig } from './router.worker.ts';

/** What the router reads of the environment. */
export const routerEnv = databaseEnv;

/** The values that `RouterModule` injects. */
export function routerProviders(config: RouterConfig): Provided[] {
  return [{ provide: ROUTER_CONFIG, useValue: config }];
}

/** ROUTE. */
@Module({ providers: [RouterWorker] })
export class RouterModule {}
