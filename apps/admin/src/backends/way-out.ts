/** The ways out of the admin app: the network for backends with a server, the mailbox for those without. */
import { createNetwork, createTargetGuard, type Network } from '#backends/kit';
import { createMailbox, DATABASE, type Database, type Mailbox } from '#platform/store';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

/** Injection token of the admin's part of the configuration. */
export const ADMIN_CONFIG = Symbol('ADMIN_CONFIG');

/** Opens the ways out, and closes them when the app stops: last, once the requests that still send are answered. */
@Injectable()
export class WayOut implements OnApplicationShutdown {
  readonly network: Network;
  readonly mailbox: Mailbox;

  constructor(
    @Inject(ADMIN_CONFIG) config: { TARGET_NETWORKS: readonly string[] },
    @Inject(DATABASE) database: Database,
  ) {
    this.network = createNetwork(createTargetGuard(config.TARGET_NETWORKS));
    this.mailbox = createMailbox(database);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.network.close();
    await this.mailbox.close();
  }
}
