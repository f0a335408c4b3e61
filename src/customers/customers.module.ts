import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PortalSession } from '../portal/portal-session.entity';
import { SellersModule } from '../sellers/sellers.module';
import { Customer } from './customer.entity';
import { CustomersController } from './customers.controller';
import { CustomersService } from './customers.service';
import { CustomerExport } from './export/customer-export';
import { CustomerImport } from './import/customer-import';
import { CustomerList } from './list/customer-list';

@Module({
  imports: [TypeOrmModule.forFeature([Customer, PortalSession]), SellersModule],
  controllers: [CustomersController],
  providers: [CustomersService, CustomerList, CustomerImport, CustomerExport],
  exports: [CustomersService],
})
export class CustomersModule {}
