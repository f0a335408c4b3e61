import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Config } from '../config/config';
import { EventsService } from '../events/events.service';
import { ValidationException, violationAt } from '../http/errors/errors';
import { MAX_WEBHOOKS } from '../sellers/seller.entity';
import { SellersService } from '../sellers/sellers.service';
import { mayBePublic } from './delivery/public-connector';
import {
  type CreateWebhookDto,
  HTTPS_REQUIRED,
  isHttps,
  PUBLIC_REQUIRED,
  type UpdateWebhookDto,
} from './dto/webhook.dto';
import { ALL_TYPES, Webhook } from './webhook.entity';
import { generateSecret, WebhookSecrets } from './webhook-secrets';
import { WebhooksRepository } from './webhooks.repository';

/** A webhook with its new secret, which is shown only once. */
export interface WebhookWithSecret {
  webhook: Webhook;
  secret: string;
}

export const UNKNOWN_WEBHOOK = 'Webhook not found';
export const LIMIT_REACHED = 'Webhook limit reached';

@Injectable()
export class WebhooksService {
  constructor(
    private readonly webhooks: WebhooksRepository,
    private readonly sellers: SellersService,
    private readonly events: EventsService,
    private readonly secrets: WebhookSecrets,
    private readonly config: Config,
  ) {}

  /**
   * Creates a webhook that gets the events from now on, and those that the feed does not show yet.
   * @throws ConflictException when the seller has as many as it may.
   */
  async create(sellerId: string, members: CreateWebhookDto): Promise<WebhookWithSecret> {
    this.requirePublic(members.url);
    const { next } = await this.events.page(sellerId, { after: 'latest' });
    const [id, now, secret] = [uuidv7(), new Date(), generateSecret()];
    const webhook = Object.assign(new Webhook(), {
      seller_id: sellerId,
      id,
      url: members.url,
      event_types: members.event_types ?? [ALL_TYPES],
      description: members.description ?? null,
      status: members.status ?? 'enabled',
      secret: this.secrets.encrypt(id, secret),
      cursor_position: next.position,
      cursor_customer_id: next.customerId,
      cursor_version: next.version,
      created_at: now,
      updated_at: now,
    });
    await this.webhooks.transaction(async (transaction) => {
      await this.sellers.lock(sellerId, transaction);
      const count = await this.webhooks.count(transaction, sellerId);
      if (count >= MAX_WEBHOOKS) throw new ConflictException(LIMIT_REACHED);
      await this.webhooks.insert(transaction, webhook);
    });
    return { webhook, secret };
  }

  /** All webhooks of the seller, newest first. */
  list(sellerId: string): Promise<Webhook[]> {
    return this.webhooks.list(sellerId);
  }

  /** @throws NotFoundException when the seller has no such webhook. */
  async get(sellerId: string, id: string): Promise<Webhook> {
    const webhook = await this.webhooks.load(sellerId, id);
    if (!webhook) throw new NotFoundException(UNKNOWN_WEBHOOK);
    return webhook;
  }

  /**
   * A webhook that is enabled again gets the events that it missed.
   * @throws NotFoundException when the seller has no such webhook.
   */
  async update(sellerId: string, id: string, members: UpdateWebhookDto): Promise<Webhook> {
    if (members.url !== undefined) this.requirePublic(members.url);
    const webhook = await this.get(sellerId, id);
    const names = Object.keys(members) as (keyof UpdateWebhookDto)[];
    const changed = names.filter((name) => JSON.stringify(members[name]) !== JSON.stringify(webhook[name]));
    if (changed.length === 0) return webhook;
    const values = Object.fromEntries(changed.map((name) => [name, members[name]]));
    const isNewStart = changed.includes('url') || (changed.includes('status') && members.status === 'enabled');
    const failing = isNewStart ? { failing_since: null, last_result: null } : {};
    await this.webhooks.update(sellerId, id, { ...values, ...failing, updated_at: new Date() });
    return this.get(sellerId, id);
  }

  /**
   * Ends all deliveries of the webhook. A pruner removes their rows within minutes.
   * @throws NotFoundException when the seller has no such webhook.
   */
  async delete(sellerId: string, id: string): Promise<void> {
    if (!(await this.webhooks.delete(sellerId, id))) throw new NotFoundException(UNKNOWN_WEBHOOK);
  }

  /**
   * Messages are signed with the old secret as well until the overlap ends, unless it can't be decrypted.
   * @throws NotFoundException when the seller has no such webhook.
   */
  async rotateSecret(sellerId: string, id: string, overlapSeconds: number): Promise<WebhookWithSecret> {
    const { id: storedId, secret: old } = await this.get(sellerId, id);
    const secret = generateSecret();
    const overlaps = overlapSeconds > 0 && this.secrets.canDecrypt(storedId, old);
    await this.webhooks.update(sellerId, id, {
      secret: this.secrets.encrypt(storedId, secret),
      previous_secret: () => (overlaps ? 'secret' : 'NULL'),
      previous_secret_expires_at: overlaps ? new Date(Date.now() + overlapSeconds * 1000) : null,
      updated_at: new Date(),
    });
    return { webhook: await this.get(sellerId, id), secret };
  }

  /** A name is resolved only when something is sent. */
  private requirePublic(url: string): void {
    if (this.config.webhookAllowPrivate) return;
    if (!isHttps(url)) throw invalidUrl('pattern', HTTPS_REQUIRED);
    if (!mayBePublic(new URL(url).hostname)) throw invalidUrl('format', PUBLIC_REQUIRED);
  }
}

function invalidUrl(code: string, sentence: string): ValidationException {
  return new ValidationException([violationAt(['body', 'url'], code, sentence)]);
}
