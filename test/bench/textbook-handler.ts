/** What the service is measured against: the same change as tutorials do it, with a repository. */
import 'reflect-metadata';
import {
  Body,
  Controller,
  Get,
  Injectable,
  Module,
  NotFoundException,
  Param,
  ParseUUIDPipe,
  Patch,
  ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { Type } from 'class-transformer';
import { IsEmail, IsIn, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import type { Repository } from 'typeorm';
import { Customer, type Language, LANGUAGES, type Status, STATUSES } from '../../src/customers/customer.entity';

const { DATABASE_URL, PORT, SELLER_ID } = process.env;

class AddressDto {
  @IsOptional() @IsString() @MaxLength(200) street?: string;
  @IsOptional() @IsString() @MaxLength(100) city?: string;
  @IsOptional() @IsString() @MaxLength(20) postal_code?: string;
  @IsOptional() @IsString() @MaxLength(100) country?: string;
}

class UpdateCustomerDto {
  @IsOptional() @IsString() @MaxLength(100) first_name?: string;
  @IsOptional() @IsString() @MaxLength(100) last_name?: string;
  @IsOptional() @IsEmail() @MaxLength(254) email?: string;
  @IsOptional() @IsString() @MaxLength(200) company_name?: string | null;
  @IsOptional() @IsString() @MaxLength(100) legal_entity?: string | null;
  @IsOptional() @IsIn(LANGUAGES) language?: Language | null;
  @IsOptional() @IsIn(STATUSES) status?: Status;
  @IsOptional() @ValidateNested() @Type(() => AddressDto) address_data?: AddressDto | null;
  @IsOptional() @ValidateNested() @Type(() => AddressDto) postal_redirect_address?: AddressDto | null;
}

@Injectable()
class CustomersService {
  constructor(@InjectRepository(Customer) private readonly customers: Repository<Customer>) {}

  async update(id: string, changes: UpdateCustomerDto): Promise<Customer> {
    const customer = await this.customers.findOne({ where: { seller_id: SELLER_ID, id } });
    if (!customer) throw new NotFoundException();
    Object.assign(customer, changes, { version: customer.version + 1, updated_at: new Date() });
    return this.customers.save(customer);
  }
}

@Controller('api/customers')
class CustomersController {
  constructor(private readonly customers: CustomersService) {}

  @Patch(':id')
  async update(@Param('id', ParseUUIDPipe) id: string, @Body() changes: UpdateCustomerDto): Promise<Customer> {
    return this.customers.update(id, changes);
  }
}

@Controller('health')
class HealthController {
  @Get('ready')
  ready(): string {
    return 'ready';
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: DATABASE_URL,
      entities: [Customer],
      poolSize: 10,
      retryAttempts: 0,
    }),
    TypeOrmModule.forFeature([Customer]),
  ],
  controllers: [CustomersController, HealthController],
  providers: [CustomersService],
})
class TextbookModule {}

async function start(): Promise<void> {
  const app = await NestFactory.create(TextbookModule, { logger: ['error', 'warn'] });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
  app.enableShutdownHooks();
  await app.listen(Number(PORT), '127.0.0.1');
}

void start();
