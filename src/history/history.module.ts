import { Module } from '@nestjs/common';
import { EventLog } from './event-log';
import { HistoryController } from './history.controller';
import { HistoryService } from './history.service';

@Module({
  controllers: [HistoryController],
  providers: [HistoryService, EventLog],
  exports: [HistoryService, EventLog],
})
export class HistoryModule {}
