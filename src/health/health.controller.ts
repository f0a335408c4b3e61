import { Controller, Get } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Public } from '../api-keys/authenticated';
import { OverloadedError } from '../database/errors';
import { ApiErrors } from '../http/openapi/api-errors';
import { isStopping } from '../http/adapter/stop';
import { DatabaseProbe } from './database-probe';

class HealthDto {
  @ApiProperty({ type: 'string', enum: ['ok'], example: 'ok' })
  status!: 'ok';
}

@ApiTags('Health')
@Controller('health')
@Public()
@ApiErrors()
export class HealthController {
  constructor(
    private readonly database: DatabaseProbe,
    private readonly host: HttpAdapterHost,
  ) {}

  @Get('live')
  @ApiOperation({
    operationId: 'isLive',
    summary: 'Is it running?',
    description: 'Answers as long as the process runs.',
  })
  @ApiOkResponse({ type: HealthDto, description: 'The process runs' })
  live(): HealthDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    operationId: 'isReady',
    summary: 'Can it serve?',
    description: 'Asks the database as well. 503 from the moment that the service is told to stop.',
  })
  @ApiOkResponse({ type: HealthDto, description: 'The service and its database answer' })
  async ready(): Promise<HealthDto> {
    if (isStopping(this.host.httpAdapter.getHttpServer())) throw new OverloadedError();
    await this.database.ask();
    return { status: 'ok' };
  }
}
