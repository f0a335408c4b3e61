import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticated } from '../api-keys/authenticated';
import { SellerId } from '../http/caller';
import { isTooLate } from '../http/adapter/deadline';
import { matchesWeakly } from '../http/preconditions';
import { IgnoresBody, MaxBody } from '../http/body/json-body';
import { setLocation } from '../http/public-url';
import { ValidatedQuery } from '../http/request.interceptor';
import { WriteHeaders } from '../http/write-headers';
import type { Customer } from './customer.entity';
import {
  DescribeBulkUpdate,
  DescribeCreate,
  DescribeDelete,
  DescribeGet,
  DescribeList,
  DescribeRevert,
  DescribeUpdate,
} from './customers.docs';
import { CustomersService, type WrittenCustomer } from './customers.service';
import { BulkUpdateDto, type BulkResultDto, toBulkResultDto } from './dto/bulk-update.dto';
import { type CustomerDto, type CustomerPageDto, toCustomerDto, toCustomerPageDto } from './dto/customer.dto';
import { BulkQuery, ChangeQuery, GetCustomerQuery, ListCustomersQuery } from './dto/customer.query';
import { CreateCustomerDto, RevertCustomerDto, UpdateCustomerDto } from './dto/update-customer.dto';
import { CustomerList } from './list/customer-list';
import { preloadedCustomerOf, PreloadsCustomer, WriteOptionsParam } from './write/write-options';
import type { WriteOptions } from './write/write-request';

const ONE_MEBIBYTE = 1024 * 1024;

@ApiTags('Customers')
@Controller('api/customers')
export class CustomersController {
  constructor(
    private readonly customers: CustomersService,
    private readonly customerList: CustomerList,
  ) {}

  @Post()
  @Authenticated('customers:write')
  @WriteHeaders({ idempotencyKey: true })
  @DescribeCreate
  async create(
    @SellerId() sellerId: string,
    @ValidatedQuery(ChangeQuery) _query: ChangeQuery,
    @Body() values: CreateCustomerDto,
    @WriteOptionsParam() options: WriteOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CustomerDto> {
    const written = await this.customers.create(sellerId, values, 'api', options);
    setLocation(reply, `/api/customers/${written.customer.id}`);
    return presentWritten(written, reply);
  }

  @Get()
  @Authenticated('customers:read')
  @DescribeList
  async list(
    @SellerId() sellerId: string,
    @ValidatedQuery(ListCustomersQuery) query: ListCustomersQuery,
    @Req() request: FastifyRequest,
  ): Promise<CustomerPageDto> {
    return toCustomerPageDto(await this.customerList.find(sellerId, query, () => isTooLate(request)));
  }

  @Get(':id')
  @Authenticated('customers:read')
  @PreloadsCustomer()
  @DescribeGet
  async get(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @ValidatedQuery(GetCustomerQuery) { version }: GetCustomerQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CustomerDto | undefined> {
    const customer = await this.customers.get(sellerId, id, version, preloadedCustomerOf(request));
    return presentUnlessKnown(customer, request, reply);
  }

  @Patch(':id')
  @Authenticated('customers:write')
  @PreloadsCustomer()
  @WriteHeaders({ idempotencyKey: true, preconditions: 'honoured' })
  @DescribeUpdate
  async update(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @ValidatedQuery(ChangeQuery) _query: ChangeQuery,
    @Body() patch: UpdateCustomerDto,
    @WriteOptionsParam() options: WriteOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CustomerDto> {
    return presentWritten(await this.customers.update(sellerId, id, patch, options), reply);
  }

  @Patch()
  @MaxBody(ONE_MEBIBYTE)
  @Authenticated('customers:write')
  @WriteHeaders({ idempotencyKey: true, preconditions: 'refused' })
  @DescribeBulkUpdate
  async updateMany(
    @SellerId() sellerId: string,
    @ValidatedQuery(BulkQuery) { atomic = false }: BulkQuery,
    @Body() body: BulkUpdateDto,
    @WriteOptionsParam() options: WriteOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BulkResultDto> {
    const { results, isReplay } = await this.customers.updateMany(sellerId, body, atomic, options);
    if (isReplay) reply.header('idempotent-replayed', 'true');
    return toBulkResultDto(results);
  }

  @Post(':id/revert')
  @HttpCode(200)
  @Authenticated('customers:write')
  @WriteHeaders({ idempotencyKey: true, preconditions: 'honoured' })
  @DescribeRevert
  async revert(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @ValidatedQuery(ChangeQuery) _query: ChangeQuery,
    @Body() { version }: RevertCustomerDto,
    @WriteOptionsParam() options: WriteOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CustomerDto> {
    return presentWritten(await this.customers.revert(sellerId, id, version, options), reply);
  }

  @Delete(':id')
  @HttpCode(204)
  @IgnoresBody()
  @Authenticated('customers:write')
  @WriteHeaders({ preconditions: 'honoured' })
  @DescribeDelete
  async delete(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @WriteOptionsParam() options: WriteOptions,
  ): Promise<void> {
    await this.customers.delete(sellerId, id, options);
  }
}

function presentWritten({ customer, isReplay }: WrittenCustomer, reply: FastifyReply): CustomerDto {
  if (isReplay) reply.header('idempotent-replayed', 'true');
  return present(customer, reply);
}

function present(customer: Customer, reply: FastifyReply): CustomerDto {
  reply.header('etag', etagOf(customer));
  return toCustomerDto(customer);
}

/** Answers 304 without a body to a client that has this version already (RFC 9110, section 13.1.2). */
function presentUnlessKnown(customer: Customer, request: FastifyRequest, reply: FastifyReply): CustomerDto | undefined {
  const isKnown = matchesWeakly(request.headers['if-none-match'], etagOf(customer));
  const body = present(customer, reply);
  if (!isKnown) return body;
  reply.status(304);
  return undefined;
}

function etagOf({ version }: Customer): string {
  return `"${version}"`;
}
