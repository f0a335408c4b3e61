import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { describeApi } from './api-description';
import { ApiKeyGuard } from './api-keys/api-key.guard';
import { ApiKeysModule } from './api-keys/api-keys.module';
import { Config } from './config/config';
import { CustomersModule } from './customers/customers.module';
import { EventsModule } from './events/events.module';
import { DatabaseModule } from './database/database.module';
import { HealthModule } from './health/health.module';
import { BodyBudget } from './http/body/body-budget';
import { ErrorFilter } from './http/errors/error-response';
import { EventLoopTurns } from './http/event-loop-turns';
import { API_DESCRIPTION } from './http/openapi/openapi';
import { RequestInterceptor } from './http/request.interceptor';
import { ContractValidationPipe } from './http/validation/validate';
import { PortalGuard } from './portal/portal.guard';
import { PortalModule } from './portal/portal.module';
import { SellersModule } from './sellers/sellers.module';
import { WebhooksModule } from './webhooks/webhooks.module';

@Module({
  imports: [SellersModule, ApiKeysModule, CustomersModule, EventsModule, PortalModule, HealthModule],
  providers: [
    { provide: APP_GUARD, useClass: ApiKeyGuard },
    { provide: APP_GUARD, useClass: PortalGuard },
    BodyBudget,
    { provide: EventLoopTurns, inject: [Config], useFactory: ({ maxQueue }: Config) => new EventLoopTurns(maxQueue) },
    { provide: APP_INTERCEPTOR, useClass: RequestInterceptor },
    { provide: APP_PIPE, useClass: ContractValidationPipe },
    { provide: APP_FILTER, useClass: ErrorFilter },
  ],
})
export class AppModule {
  static forRoot(config: Config): DynamicModule {
    // Without a key, the secrets of webhooks can't be stored.
    const hasWebhooks = config.webhookSecretKey !== undefined;
    return {
      module: AppModule,
      imports: [DatabaseModule.forRoot(config), ...(hasWebhooks ? [WebhooksModule] : [])],
      providers: [{ provide: API_DESCRIPTION, useValue: describeApi(hasWebhooks) }],
    };
  }
}
