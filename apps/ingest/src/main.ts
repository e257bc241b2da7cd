import { runApp, runtimeEnv } from '#platform/runtime';
import { IngestModule } from './index.ts';

await runApp({ name: 'ingest', env: runtimeEnv, modules: [IngestModule], needsQueues: false });
