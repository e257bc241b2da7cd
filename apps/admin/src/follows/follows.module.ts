import { Module } from '@nestjs/common';
import { FollowsController } from './follows.controller.ts';

/** Who follows what. */
@Module({ controllers: [FollowsController] })
export class FollowsModule {}
