import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Public } from '../api-keys/authenticated';
import { ApiErrors } from '../http/api-errors';

class HealthDto {
  @ApiProperty({ type: 'string', enum: ['ok'], example: 'ok' })
  status!: 'ok';
}

@ApiTags('Health')
@Controller('health')
@Public()
@ApiErrors()
export class HealthController {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

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
  @ApiOperation({ operationId: 'isReady', summary: 'Can it serve?', description: 'Asks the database as well.' })
  @ApiOkResponse({ type: HealthDto, description: 'The service and its database answer' })
  async ready(): Promise<HealthDto> {
    await this.database.query('SELECT 1');
    return { status: 'ok' };
  }
}
