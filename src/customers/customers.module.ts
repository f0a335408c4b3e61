import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventLog } from './history/event-log';
import { CustomerDeletion, EventLogOffset, EventLogTick } from './history/event-log.entity';
import { EventLogRepository } from './history/event-log.repository';
import { CustomerHistoryEntry } from './history/history.entity';
import { HistoryController } from './history/history.controller';
import { HistoryRepository } from './history/history.repository';
import { HistoryService } from './history/history.service';
import { PortalSession } from '../portal/portal-session.entity';
import { SellersModule } from '../sellers/sellers.module';
import { Customer } from './customer.entity';
import { CustomersController } from './customers.controller';
import { CustomersRepository } from './customers.repository';
import { CustomersService } from './customers.service';
import { CustomerExport } from './export/customer-export';
import { CustomerImport } from './import/customer-import';
import { CustomerList } from './list/customer-list';
import { ListRepository } from './list/list.repository';
import { CustomerWriter } from './write/customer-writer';
import { IdempotencyRecord } from './write/idempotency-record.entity';
import { IdempotencyRecordPruner } from './write/idempotency.repository';
import { WriteQueue } from './write/write-queue';

@Module({
  imports: [
    TypeOrmModule.forFeature([Customer, CustomerHistoryEntry, IdempotencyRecord, PortalSession]),
    TypeOrmModule.forFeature([CustomerDeletion, EventLogOffset, EventLogTick]),
    SellersModule,
  ],
  controllers: [CustomersController, HistoryController],
  providers: [
    CustomersService,
    CustomersRepository,
    CustomerList,
    ListRepository,
    CustomerWriter,
    WriteQueue,
    IdempotencyRecordPruner,
    HistoryService,
    HistoryRepository,
    EventLog,
    EventLogRepository,
    CustomerImport,
    CustomerExport,
  ],
  exports: [CustomersService, HistoryService, EventLog],
})
export class CustomersModule {}
