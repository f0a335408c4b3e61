import { Body, Controller, Patch, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Authenticated } from '../../api-keys/authenticated';
import { SellerId } from '../../http/caller';
import { MaxBody } from '../../http/json-body';
import { QueryOf } from '../../http/request.interceptor';
import { SafeChange } from '../../http/safe-change';
import { BulkQuery } from '../dto/change.query';
import { HowToWrite } from '../write-options';
import type { WriteOptions } from '../writer/change';
import { DescribeBulkUpdate } from './bulk-update.docs';
import { type BulkResultDto, toBulkResultDto } from './bulk-result.dto';
import { BulkUpdateDto } from './bulk-update.dto';
import { BulkUpdateService } from './bulk-update.service';

const ONE_MEBIBYTE = 1024 * 1024;

@ApiTags('Customers')
@Controller('api/customers')
export class BulkUpdateController {
  constructor(private readonly bulk: BulkUpdateService) {}

  @Patch()
  @MaxBody(ONE_MEBIBYTE)
  @Authenticated('customers:write')
  @SafeChange({ idempotencyKey: true, preconditions: 'refused' })
  @DescribeBulkUpdate()
  async update(
    @SellerId() sellerId: string,
    @QueryOf(BulkQuery) { atomic = false }: BulkQuery,
    @Body() body: BulkUpdateDto,
    @HowToWrite() how: WriteOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BulkResultDto> {
    const { results, isReplay } = await this.bulk.update(sellerId, body, atomic, how);
    if (isReplay) reply.header('idempotent-replayed', 'true');
    return toBulkResultDto(results);
  }
}
