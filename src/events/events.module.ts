import { Module } from '@nestjs/common';
import { HistoryModule } from '../history/history.module';
import { EventLog } from './event-log';
import { EventsController } from './events.controller';
import { EventsService } from './events.service';

@Module({
  imports: [HistoryModule],
  controllers: [EventsController],
  providers: [EventsService, EventLog],
  exports: [EventsService, EventLog],
})
export class EventsModule {}
