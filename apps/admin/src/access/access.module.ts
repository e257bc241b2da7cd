import { Module } from '@nestjs/common';
import { ApiKeysController } from './api-keys.controller.ts';

/** API keys. */
@Module({ controllers: [ApiKeysController] })
export class AccessModule {}
