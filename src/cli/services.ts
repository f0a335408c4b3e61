import { NotFoundException } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ApiKey } from '../api-keys/api-key.entity';
import type { ApiKeysService } from '../api-keys/api-keys.service';
import { type Config, loadConfig } from '../config/config';
import { Customer } from '../customers/customer.entity';
import type { CustomersService } from '../customers/customers.service';
import type { CustomerExport } from '../customers/export/customer-export';
import type { CustomerImport } from '../customers/import/customer-import';
import { connectionOptions } from '../database/database.module';
import { LostConnections } from '../database/pool';
import { requireUpToDate } from '../database/migrate';
import { findDatabase } from '../embedded-postgres/open-database';
import { Statements } from '../database/statements';
import { followServer } from '../customers/history/event-log.repository';
import type { EventsService } from '../events/events.service';
import type { HistoryService } from '../customers/history/history.service';
import { PortalSession } from '../portal/portal-session.entity';
import { Seller } from '../sellers/seller.entity';
import { SellersService } from '../sellers/sellers.service';
import type { DeliveriesService } from '../webhooks/deliveries.service';
import { Webhook, WebhookDelivery } from '../webhooks/webhook.entity';
import { findSecretKey } from '../webhooks/webhook-secrets';
import type { WebhooksService } from '../webhooks/webhooks.service';

const ENTITIES = [Seller, ApiKey, Customer, PortalSession, Webhook, WebhookDelivery];

/** Runs a command on the configured database, which has to be up to date. */
export async function withServices<T>(command: (services: Services) => Promise<T>): Promise<T> {
  const config = loadConfig();
  const databaseUrl = await findDatabase(config);
  await requireUpToDate(databaseUrl, config);
  const keptKey = config.databaseUrl ? undefined : await findSecretKey(config.dataDir);
  const webhookSecretKey = config.webhookSecretKey ?? keptKey;
  const services = await Services.connect({ ...config, databaseUrl, webhookSecretKey });
  try {
    return await command(services);
  } finally {
    await services.close();
  }
}

/**
 * What commands need of the service, on one pool of connections. Made without Nest's application context, as a command waits
 * for what it loads: `sellers list` takes 1.3 s of CPU, and with all modules 2.2 s. Each part is loaded when it is asked for;
 * only `withCustomers` takes the whole application.
 */
export class Services {
  readonly sellers: SellersService;
  private pastPooler?: DataSource;

  private constructor(
    private readonly config: Config,
    private readonly database: DataSource,
    private readonly lostConnections: LostConnections,
  ) {
    this.sellers = new SellersService(database.getRepository(Seller));
  }

  static async connect(config: Config): Promise<Services> {
    const database = await new DataSource({ ...connectionOptions(config), entities: ENTITIES }).initialize();
    const lostConnections = new LostConnections(database, config);
    await lostConnections.onModuleInit();
    await followServer(database);
    return new Services(config, database, lostConnections);
  }

  async close(): Promise<void> {
    this.lostConnections.beforeApplicationShutdown();
    await this.database.destroy();
    await this.pastPooler?.destroy();
  }

  async keys(): Promise<ApiKeysService> {
    const { ApiKeysService } = await import('../api-keys/api-keys.service.js');
    const { ApiKeysRepository } = await import('../api-keys/api-keys.repository.js');
    return new ApiKeysService(new ApiKeysRepository(this.database.getRepository(ApiKey)), this.sellers);
  }

  /** A dry run keeps a temporary table, for which each statement has to go to the same connection of the server. */
  async customerImport({ dryRun }: { dryRun: boolean }): Promise<CustomerImport> {
    const { CustomerImport } = await import('../customers/import/customer-import.js');
    const isPooled = dryRun && this.config.databasePooler === 'transaction';
    const database = isPooled ? await this.connectPastPooler() : this.database;
    return new CustomerImport(this.sellers, new Statements(database, this.config), this.config);
  }

  private async connectPastPooler(): Promise<DataSource> {
    const { migrationDatabaseUrl: databaseUrl } = this.config;
    if (!databaseUrl) throw new Error('A dry run can not pass a pooler: set MIGRATION_DATABASE_URL, past the pooler.');
    const direct: Config = { ...this.config, databaseUrl, databasePooler: 'none' };
    const options = { ...connectionOptions(direct), entities: ENTITIES };
    this.pastPooler = await new DataSource(options).initialize();
    return this.pastPooler;
  }

  async customerExport(): Promise<CustomerExport> {
    const { CustomerExport } = await import('../customers/export/customer-export.js');
    return new CustomerExport(this.database.getRepository(Customer), this.sellers);
  }

  async history(): Promise<HistoryService> {
    const [{ CustomersRepository }, { HistoryRepository }, { HistoryService }] = await Promise.all([
      import('../customers/customers.repository.js'),
      import('../customers/history/history.repository.js'),
      import('../customers/history/history.service.js'),
    ]);
    const statements = new Statements(this.database, this.config);
    return new HistoryService(new HistoryRepository(statements), new CustomersRepository(statements), this.config);
  }

  async events(): Promise<EventsService> {
    const [{ EventsRepository }, { EventsService }] = await Promise.all([
      import('../events/events.repository.js'),
      import('../events/events.service.js'),
    ]);
    const statements = new Statements(this.database, this.config);
    return new EventsService(new EventsRepository(statements), await this.history());
  }

  /**
   * What manages webhooks, and what tries and replays them.
   * @throws Error when the key is missing with which their secrets are encrypted.
   */
  async withWebhooks<T>(use: (webhooks: WebhooksService, deliveries: DeliveriesService) => Promise<T>): Promise<T> {
    if (!this.config.webhookSecretKey) throw new Error('There are no webhooks, as WEBHOOK_SECRET_KEY is not set.');
    const [
      { WebhooksRepository },
      { DeliveriesRepository },
      { WebhooksService },
      { DeliveriesService },
      { WebhookSecrets },
      { WebhookSender },
    ] = await Promise.all([
      import('../webhooks/webhooks.repository.js'),
      import('../webhooks/deliveries.repository.js'),
      import('../webhooks/webhooks.service.js'),
      import('../webhooks/deliveries.service.js'),
      import('../webhooks/webhook-secrets.js'),
      import('../webhooks/delivery/webhook-sender.js'),
    ]);
    const statements = new Statements(this.database, this.config);
    const rows = new WebhooksRepository(this.database.getRepository(Webhook), statements);
    const deliveries = new DeliveriesRepository(statements);
    const secrets = new WebhookSecrets(this.config);
    const sender = new WebhookSender(secrets, this.config);
    const webhooks = new WebhooksService(rows, this.sellers, await this.events(), secrets, this.config);
    try {
      return await use(webhooks, new DeliveriesService(webhooks, rows, deliveries, sender));
    } finally {
      await sender.onApplicationShutdown();
    }
  }

  /** @throws NotFoundException when the seller has no such customer. */
  async customer(sellerId: string, id: string): Promise<Customer> {
    const customer = await this.database.getRepository(Customer).findOneBy({ seller_id: sellerId, id });
    if (!customer) throw new NotFoundException('Customer not found');
    return customer;
  }

  /** With the queue and the writer of the service, for one who creates or changes a customer as a request does. */
  async withCustomers<T>(use: (customers: CustomersService) => Promise<T>): Promise<T> {
    const [{ NestFactory }, { AppModule }, { CustomersService }] = await Promise.all([
      import('@nestjs/core'),
      import('../app.module.js'),
      import('../customers/customers.service.js'),
    ]);
    const options = { logger: false, abortOnError: false } as const;
    const application = await NestFactory.createApplicationContext(AppModule.forRoot(this.config), options);
    try {
      return await use(application.get(CustomersService));
    } finally {
      await application.close();
    }
  }
}
