import { type HttpException, Injectable, NotFoundException } from '@nestjs/common';
import { Config } from '../config/config';
import { Lookup } from '../database/lookup';
import { ValidationException } from '../http/errors/errors';
import { validate } from '../http/validation/validate';
import { type CustomerVersion, HistoryService } from './history/history.service';
import { type Customer, customerKey, type CustomerRef, type Source } from './customer.entity';
import { CUSTOMER_ERRORS } from './customer.errors';
import { CustomersRepository } from './customers.repository';
import { BulkItemDto, type BulkUpdateDto } from './dto/bulk-update.dto';
import type { CreateCustomerDto, UpdateCustomerDto } from './dto/update-customer.dto';
import { newCustomer } from './merge';
import { WriteQueue } from './write/write-queue';
import {
  type Change,
  type ChangeFailure,
  type ChangeResult,
  COMMAND_LINE_OPTIONS,
  isFailure,
  type WriteOptions,
  type WriteRequest,
  type WriteResult,
} from './write/write-request';

/** A customer as a change left it. */
export interface WrittenCustomer {
  customer: Customer;
  /** The change was carried out before: `customer` is as that first request left it. */
  isReplay: boolean;
}

/** The result of one change of a bulk: a customer or, with another status than 200, a message. */
export interface BulkItemResult {
  id: string;
  status: number;
  customer?: Customer;
  message?: string;
}

export interface BulkResult {
  results: BulkItemResult[];
  isReplay: boolean;
}

/**
 * Reads and changes the customers of a seller. A change merges the fields that are sent into the customer (`merge.ts`), as
 * the queue comes to write it. One that fails comes back with a code, for which `CUSTOMER_ERRORS` has the exception:
 * NotFoundException where the row is missing, ConflictException where the email would violate the unique index, and so on.
 */
@Injectable()
export class CustomersService {
  private readonly lookup: Lookup<CustomerRef, Customer>;

  constructor(
    private readonly queue: WriteQueue,
    private readonly history: HistoryService,
    customers: CustomersRepository,
    config: Config,
  ) {
    this.lookup = new Lookup(async (refs) => {
      const rows = await customers.find(refs);
      const found = new Map(rows.map((row) => [customerKey(row.seller_id, row.id), row]));
      return refs.map(([sellerId, id]) => found.get(customerKey(sellerId, id)));
    }, config);
  }

  /** @throws ForbiddenException when the seller has as many customers as its limit allows. */
  create(
    sellerId: string,
    values: CreateCustomerDto,
    source: Source,
    options = COMMAND_LINE_OPTIONS,
  ): Promise<WrittenCustomer> {
    return this.write(sellerId, { type: 'create', customer: newCustomer(sellerId, values, source) }, options);
  }

  /**
   * Merges the fields of a patch into a customer. A patch that alters nothing writes nothing.
   * @throws NotFoundException when the seller has no such customer.
   * @throws ConflictException when another customer of the seller has the email.
   * @throws PreconditionFailedException when If-Match or If-None-Match says so.
   */
  update(sellerId: string, id: string, patch: UpdateCustomerDto, options: WriteOptions): Promise<WrittenCustomer> {
    return this.write(sellerId, { type: 'patch', id: id.toLowerCase(), patch }, options);
  }

  /**
   * Makes the fields of a customer what they were at a version, as a new version.
   * @throws NotFoundException also when the customer has never had that version.
   */
  revert(sellerId: string, id: string, version: number, options: WriteOptions): Promise<WrittenCustomer> {
    return this.write(sellerId, { type: 'revert', id: id.toLowerCase(), version }, options);
  }

  /** Deletes a customer for good, with all that belongs to it. */
  async delete(sellerId: string, id: string, options: WriteOptions): Promise<void> {
    await this.submit({ ...options, sellerId, changes: [{ type: 'delete', id: id.toLowerCase() }] });
  }

  /**
   * Changes several customers in one transaction.
   * @throws HttpException with `isAtomic`, for the first change that fails; otherwise each has a result of its own.
   */
  async updateMany(
    sellerId: string,
    { customers }: BulkUpdateDto,
    isAtomic: boolean,
    options: WriteOptions,
  ): Promise<BulkResult> {
    const changes = customers.map((item, index) => toChange(item, index, isAtomic));
    const { results, isReplay } = await this.submit({ ...options, sellerId, changes, isBulk: true, isAtomic });
    const items = results.map((result, index) => this.toBulkItem(sellerId, result, (changes[index] as BulkChange).id));
    return { results: await Promise.all(items), isReplay };
  }

  /**
   * A customer as it is now, which may be preloaded, or as it was at a version.
   * @throws NotFoundException when the seller has no such customer, or the customer has never had that version.
   */
  async get(sellerId: string, id: string, version?: number, preloadedCustomer?: Customer): Promise<Customer> {
    const customer = preloadedCustomer ?? (await this.lookup.get(sellerId, [sellerId, id.toLowerCase()]));
    if (!customer) throw new NotFoundException(CUSTOMER_ERRORS.not_found.message);
    if (version === undefined || version === customer.version) return customer;
    const past = await this.history.at(sellerId, customer, version);
    if (!past) throw new NotFoundException(CUSTOMER_ERRORS.version_not_found.message);
    return past;
  }

  private async write(sellerId: string, change: Change, options: WriteOptions): Promise<WrittenCustomer> {
    const { results, isReplay } = await this.submit({ ...options, sellerId, changes: [change] });
    return { customer: results[0]?.customer as Customer, isReplay };
  }

  /** @throws HttpException when the request fails as a whole. */
  private async submit(request: WriteRequest): Promise<Pick<WriteResult, 'results' | 'isReplay'>> {
    const { results, isBulk, isReplay } = await this.queue.submit(request);
    const complete = isReplay ? await this.withCustomers(request.sellerId, results) : results;
    const failed = isBulk ? undefined : results.map(({ outcome }) => outcome).find(isFailure);
    if (failed) throw await this.exception(request.sellerId, failed, isReplay);
    return { results: complete, isReplay };
  }

  /**
   * Adds to replayed results the customers as they were then.
   * @throws NotFoundException when one of them has been deleted since.
   */
  private async withCustomers(sellerId: string, results: ChangeResult[]): Promise<ChangeResult[]> {
    const customerAt = await this.history.customersAt(sellerId, results.flatMap(versionIn));
    return results.map((result) => {
      const [version] = versionIn(result);
      if (!version) return result;
      const customer = customerAt(version);
      if (!customer) throw new NotFoundException(CUSTOMER_ERRORS.not_found.message);
      return isFailure(result.outcome) ? result : { ...result, customer };
    });
  }

  /** The one place where the code of a failed change becomes a ConflictException, a NotFoundException and so on. */
  private async exception(sellerId: string, failure: ChangeFailure, isReplay: boolean): Promise<HttpException> {
    const { exception: Exception } = CUSTOMER_ERRORS[failure.code];
    const exception = new Exception(await this.message(sellerId, failure));
    return isReplay ? Object.assign(exception, { headers: { 'idempotent-replayed': 'true' } }) : exception;
  }

  /** The contract's sentence for a failed change ("Errors"). */
  private async message(sellerId: string, failure: ChangeFailure): Promise<string> {
    switch (failure.code) {
      case 'invalid':
        return failure.message;
      case 'no_strong_tag':
        return `If-Match names no strong ETag; the current one is "${failure.version}"`;
      case 'if_none_match':
        return `If-None-Match matches the current version ${failure.version}`;
      case 'version_mismatch': {
        const { id, older, version } = failure;
        const current = `Customer has changed: current version is ${version}`;
        const changes = older.length > 0 && (await this.history.changesSince(sellerId, id, older, version));
        return changes ? `${current}, changed since version ${changes.since}: ${changes.fields.join(', ')}` : current;
      }
      default:
        return CUSTOMER_ERRORS[failure.code].message;
    }
  }

  private async toBulkItem(sellerId: string, { outcome, customer }: ChangeResult, id: string): Promise<BulkItemResult> {
    const { status } = outcome;
    if (isFailure(outcome)) return { id, status, message: await this.message(sellerId, outcome) };
    return { id, status, ...(customer && { customer }) };
  }
}

type BulkChange = Extract<Change, { type: 'patch' | 'refuse' }>;

/** An item that is not valid keeps its place and fails by itself or, in an atomic bulk, at once for all. */
function toChange(item: Record<string, unknown>, index: number, isAtomic: boolean): BulkChange {
  const id = String(item.id).toLowerCase();
  try {
    const { id: _, ...patch } = validate(BulkItemDto, item, ['body', 'customers', String(index)]);
    return { type: 'patch', id, patch };
  } catch (error) {
    if (isAtomic || !(error instanceof ValidationException)) throw error;
    return { type: 'refuse', id, message: error.message };
  }
}

/** The customer that a stored result names, at a version if the answer held the customer. */
function versionIn({ outcome }: ChangeResult): CustomerVersion[] {
  const { id } = outcome;
  if (id === undefined) return [];
  return isFailure(outcome) || outcome.status === 204 ? [{ id }] : [{ id, version: outcome.version }];
}
