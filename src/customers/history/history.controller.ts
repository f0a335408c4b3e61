import { Controller, Get, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Authenticated } from '../../api-keys/authenticated';
import { SellerId } from '../../http/caller';
import { ValidatedQuery } from '../../http/request.interceptor';
import { DescribeHistory } from './history.docs';
import { HistoryPageDto, HistoryQuery, toHistoryPageDto } from './history.dto';
import { HistoryService } from './history.service';

const DEFAULT_LIMIT = 20;

@ApiTags('Customers')
@Controller('api/customers')
export class HistoryController {
  constructor(private readonly history: HistoryService) {}

  @Get(':id/history')
  @Authenticated('customers:read')
  @DescribeHistory()
  async list(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @ValidatedQuery(HistoryQuery) { limit = DEFAULT_LIMIT, cursor }: HistoryQuery,
  ): Promise<HistoryPageDto> {
    return toHistoryPageDto(await this.history.page(sellerId, id, limit, cursor));
  }
}
