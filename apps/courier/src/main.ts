import { runApp, runtimeEnv } from '#platform/runtime';
import { courierAppEnv, CourierModule, courierProviders } from './index.ts';

await runApp({
  name: 'courier',
  env: { ...runtimeEnv, ...courierAppEnv },
  modules: [CourierModule],
  providers: (config) => courierProviders(config),
});
