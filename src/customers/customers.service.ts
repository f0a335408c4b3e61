import { ForbiddenException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { CONSTRAINTS, violates } from '../database/constraints';
import { Statements } from '../database/statements';
import { PortalSession } from '../portal/portal-session.entity';
import { SellersService } from '../sellers/sellers.service';
import { Customer, type Source } from './customer.entity';
import type { CreateCustomerDto } from './dto/create-customer.dto';
import type { UpdateCustomerDto } from './dto/update-customer.dto';
import { EmailConflictException } from './email-conflict.exception';
import { MERGE_PATCH } from './merge-patch';
import { newCustomer } from './new-customer';

@Injectable()
export class CustomersService {
  constructor(
    @InjectRepository(Customer) private readonly customers: Repository<Customer>,
    private readonly sellers: SellersService,
    private readonly statements: Statements,
  ) {}

  /**
   * @throws ForbiddenException when the seller has as many customers as its limit allows.
   * @throws EmailConflictException when another customer of the seller has the email.
   */
  async create(sellerId: string, members: CreateCustomerDto, source: Source): Promise<Customer> {
    const customer = newCustomer(sellerId, members, source);
    const limit = await this.sellers.customerLimit(sellerId);
    await emailConflicts<unknown>(
      limit === null ? this.customers.insert({ ...customer }) : this.insertWithin(limit, customer),
    );
    return customer;
  }

  /**
   * Merges a change into a customer. One that alters nothing writes nothing. A status other than active ends all
   * portal sessions of the customer (contract, "The rest of the resource").
   * @returns the customer as it is now.
   * @throws NotFoundException when the seller has no such customer.
   * @throws EmailConflictException when another customer of the seller has the email.
   */
  async update(sellerId: string, id: string, patch: UpdateCustomerDto): Promise<Customer> {
    const change = deactivates(patch)
      ? this.deactivate(sellerId, id, patch)
      : this.updateIfDifferent(sellerId, id, patch);
    return (await emailConflicts(change)) ?? (await this.get(sellerId, id));
  }

  /** @throws NotFoundException when the seller has no such customer. */
  async get(sellerId: string, id: string): Promise<Customer> {
    const customer = await this.customers.findOneBy({ seller_id: sellerId, id });
    if (!customer) throw new NotFoundException('Customer not found');
    return customer;
  }

  /**
   * Deletes a customer, and with the row, by its foreign keys, all that belongs to it.
   * @throws NotFoundException when the seller has no such customer.
   */
  async delete(sellerId: string, id: string): Promise<void> {
    const { affected } = await this.customers.delete({ seller_id: sellerId, id });
    if (!affected) throw new NotFoundException('Customer not found');
  }

  /** Creations of a seller with a limit follow one another, so that each counts those before it. */
  private insertWithin(limit: number, customer: Customer): Promise<void> {
    const { seller_id } = customer;
    return this.customers.manager.transaction(async (transaction) => {
      await this.sellers.lock(seller_id, transaction);
      const count = await transaction.countBy(Customer, { seller_id });
      if (count >= limit) throw new ForbiddenException('Customer limit reached');
      await transaction.insert(Customer, { ...customer });
    });
  }

  private async updateIfDifferent(
    sellerId: string,
    id: string,
    patch: UpdateCustomerDto,
  ): Promise<Customer | undefined> {
    const values = [sellerId, id, JSON.stringify(patch)];
    const [customer] = await this.statements.run<Customer>(MERGE_PATCH, values);
    return customer;
  }

  /**
   * Ends the sessions in the transaction of the change, so that they stay dead when the customer becomes active again.
   * The DELETE is a statement of its own, after the UPDATE, to see also the session that was made while the UPDATE waited
   * for the row: one statement would see only what was there when it began, and so would all of a REPEATABLE READ.
   */
  private deactivate(sellerId: string, id: string, patch: UpdateCustomerDto): Promise<Customer | undefined> {
    const values = [sellerId, id, JSON.stringify(patch)];
    return this.customers.manager.transaction('READ COMMITTED', async (transaction) => {
      const [[customer]] = await transaction.query<[Customer[], number]>(MERGE_PATCH.text, values);
      if (customer) await transaction.delete(PortalSession, { seller_id: sellerId, customer_id: id });
      return customer;
    });
  }
}

/** Whether a customer is not active after this change. */
function deactivates({ status }: UpdateCustomerDto): boolean {
  return status !== undefined && status !== 'active';
}

async function emailConflicts<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    throw violates(error, CONSTRAINTS.customerEmail) ? new EmailConflictException() : error;
  }
}
