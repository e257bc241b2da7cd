/** The admin app alone: `node dist/apps/admin/src/main.js`. */
import { runApp, runtimeEnv } from '#platform/runtime';
import { AdminModule } from './admin.module.ts';
import { adminEnv, adminProviders } from './providers.ts';

await runApp({ name: 'admin', env: { ...runtimeEnv, ...adminEnv }, modules: [AdminModule], providers: adminProviders });
