import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Authenticated, missingScope } from '../../api-keys/authenticated';
import { SellerId } from '../../http/caller';
import { ApiErrors } from '../../http/openapi/api-errors';
import { CustomerIdParam } from '../customers.docs';
import { ValidatedQuery } from '../../http/request.interceptor';
import { HistoryPageDto, HistoryQuery, toHistoryPageDto } from './history.dto';
import { HistoryService } from './history.service';

@ApiTags('Customers')
@Controller('api/customers')
export class HistoryController {
  constructor(private readonly history: HistoryService) {}

  @Get(':id/history')
  @Authenticated('customers:read')
  @ApiOperation({
    operationId: 'getCustomerHistory',
    summary: "Read a customer's history",
    description:
      'Every change, newest first: what it changed, who made it, by which request, and when. Deleting the customer ' +
      'erases it.',
  })
  @CustomerIdParam
  @ApiOkResponse({ type: HistoryPageDto, description: 'A part of the history' })
  @ApiErrors(401, missingScope('customers:read'), 404)
  async list(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @ValidatedQuery(HistoryQuery) { limit, cursor }: HistoryQuery,
  ): Promise<HistoryPageDto> {
    return toHistoryPageDto(await this.history.page(sellerId, id, limit, cursor));
  }
}
