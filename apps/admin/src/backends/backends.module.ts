import { Module } from '@nestjs/common';
import { definitionsProvider } from '../rule-book/definitions.provider.ts';
import { BackendHealthController } from './backend-health.controller.ts';
import { BackendHealthDesk } from './backend-health.ts';
import { BackendSaver } from './backend-saver.ts';
import { BackendTester } from './backend-tester.ts';
import { BackendTypesController } from './backend-types.controller.ts';
import { BackendsController } from './backends.controller.ts';
import { WayOut } from './way-out.ts';

/** The chat systems that messages go to. Needs the tokens `SEALER` and `ADMIN_CONFIG` from the root module. */
@Module({
  controllers: [BackendsController, BackendTypesController, BackendHealthController],
  providers: [definitionsProvider, BackendSaver, BackendTester, BackendHealthDesk, WayOut],
})
export class BackendsModule {}
