import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Authenticated } from '../api-keys/authenticated';
import { SellerId } from '../http/caller';
import { IgnoresBody, OptionalBody } from '../http/json-body';
import { setLocation } from '../http/public-url';
import { TakesTurn } from '../http/turn.interceptor';
import {
  toWebhookDto,
  type WebhookDto,
  type WebhookListDto,
  toWebhookWithSecretDto,
  type WebhookWithSecretDto,
} from './dto/webhook.dto';
import {
  CreateWebhookDto,
  DEFAULT_OVERLAP_SECONDS,
  RotateSecretDto,
  UpdateWebhookDto,
} from './dto/webhook-members.dto';
import {
  DescribeCreateWebhook,
  DescribeDeleteWebhook,
  DescribeGetWebhook,
  DescribeListWebhooks,
  DescribeRotateSecret,
  DescribeUpdateWebhook,
} from './webhooks.docs';
import { WebhooksService } from './webhooks.service';

@ApiTags('Webhooks')
@Controller('api/webhooks')
@Authenticated('webhooks:manage')
@TakesTurn()
export class WebhooksController {
  constructor(private readonly webhooks: WebhooksService) {}

  @Get()
  @DescribeListWebhooks()
  async list(@SellerId() sellerId: string): Promise<WebhookListDto> {
    return { data: (await this.webhooks.list(sellerId)).map(toWebhookDto) };
  }

  @Post()
  @DescribeCreateWebhook()
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
  @DescribeGetWebhook()
  async get(@SellerId() sellerId: string, @Param('id') id: string): Promise<WebhookDto> {
    return toWebhookDto(await this.webhooks.get(sellerId, id));
  }

  @Patch(':id')
  @DescribeUpdateWebhook()
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
  @DescribeDeleteWebhook()
  async delete(@SellerId() sellerId: string, @Param('id') id: string): Promise<void> {
    await this.webhooks.delete(sellerId, id);
  }

  @Post(':id/rotate-secret')
  @OptionalBody()
  @DescribeRotateSecret()
  async rotateSecret(
    @SellerId() sellerId: string,
    @Param('id') id: string,
    @Body() { overlap_seconds = DEFAULT_OVERLAP_SECONDS }: RotateSecretDto,
  ): Promise<WebhookWithSecretDto> {
    return toWebhookWithSecretDto(await this.webhooks.rotateSecret(sellerId, id, overlap_seconds));
  }
}
