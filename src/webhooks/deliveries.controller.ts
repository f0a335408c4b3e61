import { Body, Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Authenticated } from '../api-keys/authenticated';
import { SellerId } from '../http/caller';
import { withoutClock } from '../http/deadline';
import { IgnoresBody } from '../http/json-body';
import { QueryOf } from '../http/request.interceptor';
import { TakesTurn } from '../http/turn.interceptor';
import { DeliveriesService } from './deliveries.service';
import {
  type DeliveryDto,
  type DeliveryListDto,
  type TestResultDto,
  toDeliveryDto,
  toDeliveryListDto,
} from './dto/delivery.dto';
import { DeliveriesQuery, ReplayDto, toPosition } from './dto/deliveries.query';
import { toWebhookDto, type WebhookDto } from './dto/webhook.dto';
import { DescribeListDeliveries, DescribeReplay, DescribeRetryDelivery, DescribeTestWebhook } from './deliveries.docs';

@ApiTags('Webhooks')
@Controller('api/webhooks/:id')
@Authenticated('webhooks:manage')
export class DeliveriesController {
  constructor(private readonly deliveries: DeliveriesService) {}

  /** Waits for the receiver without a turn at the database. */
  @Post('test')
  @HttpCode(200)
  @IgnoresBody()
  @DescribeTestWebhook()
  async test(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
  ): Promise<TestResultDto> {
    const { status_code, duration_ms, error } = await withoutClock(request, this.deliveries.test(sellerId, id));
    return { status_code, duration_ms, error };
  }

  @Get('deliveries')
  @TakesTurn()
  @DescribeListDeliveries()
  async list(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @QueryOf(DeliveriesQuery) query: DeliveriesQuery,
  ): Promise<DeliveryListDto> {
    return toDeliveryListDto(await this.deliveries.list(sellerId, id, query));
  }

  @Post('deliveries/:event_id/retry')
  @HttpCode(202)
  @IgnoresBody()
  @TakesTurn()
  @DescribeRetryDelivery()
  async retry(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @Param('event_id') eventId: string,
  ): Promise<DeliveryDto> {
    return toDeliveryDto(await this.deliveries.retry(sellerId, id, eventId));
  }

  @Post('replay')
  @HttpCode(202)
  @TakesTurn()
  @DescribeReplay()
  async replay(@SellerId() sellerId: string, @Param('id') id: string, @Body() body: ReplayDto): Promise<WebhookDto> {
    return toWebhookDto(await this.deliveries.replay(sellerId, id, toPosition(body)));
  }
}
