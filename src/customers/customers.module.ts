import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SellersModule } from '../sellers/sellers.module';
import { Customer } from './customer.entity';
import { CustomersController } from './customers.controller';
import { CustomersService } from './customers.service';
import { CustomerList } from './list/customer-list';

@Module({
  imports: [TypeOrmModule.forFeature([Customer]), SellersModule],
  controllers: [CustomersController],
  providers: [CustomersService, CustomerList],
  exports: [CustomersService],
})
export class CustomersModule {}
