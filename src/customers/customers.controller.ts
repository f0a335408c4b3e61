import { Body, Controller, Param, Patch, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Authenticated } from '../api-keys/authenticated';
import { SellerId } from '../http/caller';
import type { Customer } from './customer.entity';
import { DescribeUpdate } from './customers.docs';
import { CustomersService } from './customers.service';
import { type CustomerDto, toCustomerDto } from './dto/customer.dto';
import { UpdateCustomerDto } from './dto/update-customer.dto';

@ApiTags('Customers')
@Controller('api/customers')
export class CustomersController {
  constructor(private readonly customers: CustomersService) {}

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
}

function present(customer: Customer, reply: FastifyReply): CustomerDto {
  reply.header('etag', `"${customer.version}"`);
  return toCustomerDto(customer);
}
