import { runApp, runtimeEnv } from '#platform/runtime';
import { RouterModule, routerEnv, routerProviders } from './index.ts';

await runApp({
  name: 'router',
  env: { ...runtimeEnv, ...routerEnv },
  modules: [RouterModule],
  providers: (config) => routerProviders(config),
});
