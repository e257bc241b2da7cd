import { runApp, runtimeEnv } from '#platform/runtime';
import { IngestModule, ingestEnv, ingestProviders } from './index.ts';

await runApp({
  name: 'ingest',
  env: { ...runtimeEnv, ...ingestEnv },
  modules: [IngestModule],
  providers: (config) => ingestProviders(config),
  needsQueues: false,
});
