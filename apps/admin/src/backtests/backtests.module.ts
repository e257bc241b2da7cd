import { Module } from '@nestjs/common';
import { BacktestDesk } from './backtest-desk.ts';
import { BacktestsController, DraftBacktestsController } from './backtests.controller.ts';

/** What a draft would have done with the events of the past. */
@Module({ controllers: [DraftBacktestsController, BacktestsController], providers: [BacktestDesk] })
export class BacktestsModule {}
