import { Module } from '@nestjs/common';
import { HistoryModule } from '../history/history.module';
import { EventsController } from './events.controller';
import { EventsService } from './events.service';

@Module({
  imports: [HistoryModule],
  controllers: [EventsController],
  providers: [EventsService],
  exports: [EventsService],
})
export class EventsModule {}
