import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticated } from '../api-keys/authenticated';
import { SellerId } from '../http/caller';
import { pauseClockDuring } from '../http/adapter/deadline';
import { IgnoresBody, OptionalBody } from '../http/body/json-body';
import { setLocation } from '../http/public-url';
import { ValidatedQuery } from '../http/request.interceptor';
import { TakesTurn } from '../http/turn.interceptor';
import { DeliveriesService } from './deliveries.service';
import {
  DeliveriesQuery,
  type DeliveryDto,
  type DeliveryListDto,
  ReplayDto,
  type TestResultDto,
  toDeliveryDto,
  toDeliveryListDto,
  toPosition,
} from './dto/delivery.dto';
import {
  CreateWebhookDto,
  DEFAULT_OVERLAP_SECONDS,
  RotateSecretDto,
  toWebhookDto,
  toWebhookWithSecretDto,
  UpdateWebhookDto,
  type WebhookDto,
  type WebhookListDto,
  type WebhookWithSecretDto,
} from './dto/webhook.dto';
import {
  DescribeCreateWebhook,
  DescribeDeleteWebhook,
  DescribeGetWebhook,
  DescribeListDeliveries,
  DescribeListWebhooks,
  DescribeReplay,
  DescribeRetryDelivery,
  DescribeRotateSecret,
  DescribeTestWebhook,
  DescribeUpdateWebhook,
} from './webhooks.docs';
import { WebhooksService } from './webhooks.service';

@ApiTags('Webhooks')
@Controller('api/webhooks')
@Authenticated('webhooks:manage')
export class WebhooksController {
  constructor(
    private readonly webhooks: WebhooksService,
    private readonly deliveries: DeliveriesService,
  ) {}

  @Get()
  @TakesTurn()
  @DescribeListWebhooks
  async list(@SellerId() sellerId: string): Promise<WebhookListDto> {
    return { data: (await this.webhooks.list(sellerId)).map(toWebhookDto) };
  }

  @Post()
  @TakesTurn()
  @DescribeCreateWebhook
  async create(
    @SellerId() sellerId: string,
    @Body() members: CreateWebhookDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WebhookWithSecretDto> {
    const created = await this.webhooks.create(sellerId, members);
    setLocation(reply, `/api/webhooks/${created.webhook.id}`);
    return toWebhookWithSecretDto(created);
  }

  @Get(':id')
  @TakesTurn()
  @DescribeGetWebhook
  async get(@SellerId() sellerId: string, @Param('id') id: string): Promise<WebhookDto> {
    return toWebhookDto(await this.webhooks.get(sellerId, id));
  }

  @Patch(':id')
  @TakesTurn()
  @DescribeUpdateWebhook
  async update(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @Body() members: UpdateWebhookDto,
  ): Promise<WebhookDto> {
    return toWebhookDto(await this.webhooks.update(sellerId, id, members));
  }

  @Delete(':id')
  @HttpCode(204)
  @IgnoresBody()
  @TakesTurn()
  @DescribeDeleteWebhook
  async delete(@SellerId() sellerId: string, @Param('id') id: string): Promise<void> {
    await this.webhooks.delete(sellerId, id);
  }

  @Post(':id/rotate-secret')
  @OptionalBody()
  @TakesTurn()
  @DescribeRotateSecret
  async rotateSecret(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @Body() { overlap_seconds = DEFAULT_OVERLAP_SECONDS }: RotateSecretDto,
  ): Promise<WebhookWithSecretDto> {
    return toWebhookWithSecretDto(await this.webhooks.rotateSecret(sellerId, id, overlap_seconds));
  }

  /** Takes no turn, as it mostly waits for the receiver. */
  @Post(':id/test')
  @HttpCode(200)
  @IgnoresBody()
  @DescribeTestWebhook
  async test(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
  ): Promise<TestResultDto> {
    const { status_code, duration_ms, error } = await pauseClockDuring(request, this.deliveries.test(sellerId, id));
    return { status_code, duration_ms, error };
  }

  @Get(':id/deliveries')
  @TakesTurn()
  @DescribeListDeliveries
  async listDeliveries(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @ValidatedQuery(DeliveriesQuery) query: DeliveriesQuery,
  ): Promise<DeliveryListDto> {
    return toDeliveryListDto(await this.deliveries.list(sellerId, id, query));
  }

  @Post(':id/deliveries/:event_id/retry')
  @HttpCode(202)
  @IgnoresBody()
  @TakesTurn()
  @DescribeRetryDelivery
  async retryDelivery(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @Param('event_id') eventId: string,
  ): Promise<DeliveryDto> {
    return toDeliveryDto(await this.deliveries.retry(sellerId, id, eventId));
  }

  @Post(':id/replay')
  @HttpCode(202)
  @TakesTurn()
  @DescribeReplay
  async replay(@SellerId() sellerId: string, @Param('id') id: string, @Body() body: ReplayDto): Promise<WebhookDto> {
    return toWebhookDto(await this.deliveries.replay(sellerId, id, toPosition(body)));
  }
}
