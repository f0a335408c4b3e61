import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticated } from '../api-keys/authenticated';
import { SellerId } from '../http/caller';
import { matchesWeakly } from '../http/etag';
import { IgnoresBody } from '../http/json-body';
import { QueryOf } from '../http/request-line.guard';
import type { Customer } from './customer.entity';
import { DescribeCreate, DescribeDelete, DescribeGet, DescribeList, DescribeUpdate } from './customers.docs';
import { CustomersService } from './customers.service';
import { CreateCustomerDto } from './dto/create-customer.dto';
import { type CustomerPageDto, toCustomerPageDto } from './dto/customer-page.dto';
import { type CustomerDto, toCustomerDto } from './dto/customer.dto';
import { UpdateCustomerDto } from './dto/update-customer.dto';
import { CustomerList } from './list/customer-list';
import { ListCustomersQuery } from './list/list-customers.query';

@ApiTags('Customers')
@Controller('api/customers')
export class CustomersController {
  constructor(
    private readonly customers: CustomersService,
    private readonly customerList: CustomerList,
  ) {}

  @Post()
  @Authenticated('customers:write')
  @DescribeCreate()
  async create(
    @SellerId() sellerId: string,
    @Body() members: CreateCustomerDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CustomerDto> {
    const customer = await this.customers.create(sellerId, members, 'api');
    reply.header('location', `/api/customers/${customer.id}`);
    return present(customer, reply);
  }

  @Get()
  @Authenticated('customers:read')
  @DescribeList()
  async list(
    @SellerId() sellerId: string,
    @QueryOf(ListCustomersQuery) query: ListCustomersQuery,
  ): Promise<CustomerPageDto> {
    return toCustomerPageDto(await this.customerList.find(sellerId, query));
  }

  @Get(':id')
  @Authenticated('customers:read')
  @DescribeGet()
  async get(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CustomerDto | undefined> {
    return presentUnlessKnown(await this.customers.get(sellerId, id), request, reply);
  }

  @Patch(':id')
  @Authenticated('customers:write')
  @DescribeUpdate()
  async update(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @Body() patch: UpdateCustomerDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CustomerDto> {
    return present(await this.customers.update(sellerId, id, patch), reply);
  }

  @Delete(':id')
  @HttpCode(204)
  @IgnoresBody()
  @Authenticated('customers:write')
  @DescribeDelete()
  async delete(@SellerId() sellerId: string, @Param('id') id: string): Promise<void> {
    await this.customers.delete(sellerId, id);
  }
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
