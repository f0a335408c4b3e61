import { Injectable, NotFoundException } from '@nestjs/common';
import { Config } from '../config/config';
import { Lookup } from '../database/lookup';
import { Statements } from '../database/statements';
import { HistoryService } from '../history/history.service';
import { COMMAND_LINE } from '../http/origin';
import type { Customer, Source } from './customer.entity';
import type { CreateCustomerDto } from './dto/create-customer.dto';
import type { UpdateCustomerDto } from './dto/update-customer.dto';
import { findRows, rowKey, type RowName } from './rows';
import { Answers, type Written } from './writer/answers';
import { type Change, MESSAGES, type WriteOptions } from './writer/change';
import { newCustomer } from './writer/new-customer';
import { WriteQueue } from './writer/write-queue';

const BY_COMMAND: WriteOptions = { origin: COMMAND_LINE };

/**
 * Reads and changes one customer at a time. Every change may throw what its outcome says (`Answers.customer`): that the
 * customer is unknown, has changed, or wants an email that another has.
 */
@Injectable()
export class CustomersService {
  private readonly lookup: Lookup<RowName, Customer>;

  constructor(
    private readonly queue: WriteQueue,
    private readonly answers: Answers,
    private readonly history: HistoryService,
    statements: Statements,
    config: Config,
  ) {
    this.lookup = new Lookup(async (names) => {
      const rows = await findRows(statements, [...names]);
      const found = new Map(rows.map((row) => [rowKey(row.seller_id, row.id), row]));
      return names.map(([sellerId, id]) => found.get(rowKey(sellerId, id)));
    }, config);
  }

  /** @throws ForbiddenException when the seller has as many customers as its limit allows. */
  create(sellerId: string, members: CreateCustomerDto, source: Source, options = BY_COMMAND): Promise<Written> {
    return this.write(sellerId, { type: 'create', customer: newCustomer(sellerId, members, source) }, options);
  }

  /** Merges a change into a customer. One that alters nothing writes nothing. */
  update(sellerId: string, id: string, patch: UpdateCustomerDto, options = BY_COMMAND): Promise<Written> {
    return this.write(sellerId, { type: 'patch', id: id.toLowerCase(), patch }, options);
  }

  /**
   * Makes the members of a customer what they were at a version, as a new version.
   * @throws NotFoundException when the customer has never had that version.
   */
  revert(sellerId: string, id: string, version: number, options = BY_COMMAND): Promise<Written> {
    return this.write(sellerId, { type: 'revert', id: id.toLowerCase(), version }, options);
  }

  /** Deletes a customer for good, and with the row, by its foreign keys, all that belongs to it. */
  async delete(sellerId: string, id: string, options = BY_COMMAND): Promise<void> {
    const job = { ...options, sellerId, changes: [{ type: 'delete', id: id.toLowerCase() } as const] };
    await this.answers.requireSuccess(sellerId, await this.queue.submit(job));
  }

  /**
   * A customer as it is now, or as it was at a version.
   * @throws NotFoundException when the seller has no such customer, or the customer has never had that version.
   */
  async get(sellerId: string, id: string, version?: number): Promise<Customer> {
    const customer = await this.lookup.get(sellerId, [sellerId, id.toLowerCase()]);
    if (!customer) throw new NotFoundException(MESSAGES.unknown);
    if (version === undefined || version === customer.version) return customer;
    const past = await this.history.at(sellerId, customer, version);
    if (!past) throw new NotFoundException(MESSAGES.unknownVersion);
    return past;
  }

  private async write(sellerId: string, change: Change, options: WriteOptions): Promise<Written> {
    const result = await this.queue.submit({ ...options, sellerId, changes: [change] });
    return this.answers.customer(sellerId, result);
  }
}
