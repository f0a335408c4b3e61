import { Module } from '@nestjs/common';
import { CustomersModule } from '../customers/customers.module';
import { EventsController } from './events.controller';
import { EventsService } from './events.service';

@Module({
  imports: [CustomersModule],
  controllers: [EventsController],
  providers: [EventsService],
  exports: [EventsService],
})
export class EventsModule {}
