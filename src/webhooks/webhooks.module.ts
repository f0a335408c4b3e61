import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventsModule } from '../events/events.module';
import { SellersModule } from '../sellers/sellers.module';
import { DeliveriesRepository } from './deliveries.repository';
import { DeliveriesService } from './deliveries.service';
import { DeliveryPruner, OrphanedDeliveryPruner } from './delivery-pruners';
import { DeliveryAttempt } from './delivery/delivery-attempt';
import { FanOut } from './delivery/fan-out';
import { WebhookDispatcher } from './delivery/webhook-dispatcher';
import { WebhookSender } from './delivery/webhook-sender';
import { Webhook, WebhookDelivery } from './webhook.entity';
import { WebhookSecrets } from './webhook-secrets';
import { WebhooksController } from './webhooks.controller';
import { WebhooksRepository } from './webhooks.repository';
import { WebhooksService } from './webhooks.service';

@Module({
  imports: [TypeOrmModule.forFeature([Webhook, WebhookDelivery]), SellersModule, EventsModule],
  controllers: [WebhooksController],
  providers: [
    WebhookSecrets,
    WebhooksRepository,
    WebhooksService,
    DeliveriesRepository,
    DeliveriesService,
    WebhookSender,
    FanOut,
    DeliveryAttempt,
    WebhookDispatcher,
    DeliveryPruner,
    OrphanedDeliveryPruner,
  ],
})
export class WebhooksModule {}
