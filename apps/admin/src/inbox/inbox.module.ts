import { Module } from '@nestjs/common';
import { InboxController } from './inbox.controller.ts';
import { InboxFeed } from './inbox-feed.ts';

/** The built-in inbox, to read. */
@Module({ controllers: [InboxController], providers: [InboxFeed] })
export class InboxModule {}
