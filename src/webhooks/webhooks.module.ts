import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventsModule } from '../events/events.module';
import { SellersModule } from '../sellers/sellers.module';
import { DeliveriesController } from './deliveries.controller';
import { DeliveriesService } from './deliveries.service';
import { DeliveryAttempt } from './delivery/delivery-attempt';
import { FanOut } from './delivery/fan-out';
import { WebhookDispatcher } from './delivery/webhook-dispatcher';
import { WebhookSender } from './delivery/webhook-sender';
import { DeliveryPruner, LostDeliveryPruner } from './delivery-pruner';
import { Webhook } from './webhook.entity';
import { WebhookDelivery } from './webhook-delivery.entity';
import { WebhookSecrets } from './webhook-secrets';
import { WebhooksController } from './webhooks.controller';
import { WebhooksService } from './webhooks.service';

@Module({
  imports: [TypeOrmModule.forFeature([Webhook, WebhookDelivery]), SellersModule, EventsModule],
  controllers: [WebhooksController, DeliveriesController],
  providers: [
    WebhookSecrets,
    WebhooksService,
    DeliveriesService,
    WebhookSender,
    FanOut,
    DeliveryAttempt,
    WebhookDispatcher,
    DeliveryPruner,
    LostDeliveryPruner,
  ],
})
export class WebhooksModule {}
