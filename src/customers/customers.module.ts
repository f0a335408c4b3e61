import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { HistoryModule } from '../history/history.module';
import { PortalSession } from '../portal/portal-session.entity';
import { SellersModule } from '../sellers/sellers.module';
import { BulkUpdateController } from './bulk/bulk-update.controller';
import { BulkUpdateService } from './bulk/bulk-update.service';
import { Customer } from './customer.entity';
import { CustomersController } from './customers.controller';
import { CustomersService } from './customers.service';
import { CustomerExport } from './export/customer-export';
import { CustomerImport } from './import/customer-import';
import { CustomerList } from './list/customer-list';
import { Answers } from './writer/answers';
import { CustomerWriter } from './writer/customer-writer';
import { RecordPruner } from './writer/record-pruner';
import { WriteQueue } from './writer/write-queue';

@Module({
  imports: [TypeOrmModule.forFeature([Customer, PortalSession]), SellersModule, HistoryModule],
  controllers: [CustomersController, BulkUpdateController],
  providers: [
    CustomersService,
    BulkUpdateService,
    CustomerWriter,
    WriteQueue,
    RecordPruner,
    Answers,
    CustomerList,
    CustomerImport,
    CustomerExport,
  ],
  exports: [CustomersService],
})
export class CustomersModule {}
