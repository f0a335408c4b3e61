import { Injectable } from '@nestjs/common';
import { ValidationException } from '../../http/errors';
import { BODY, validate } from '../../http/validation/validate';
import type { Customer } from '../customer.entity';
import { Answers } from '../writer/answers';
import type { Change, Result, WriteOptions } from '../writer/change';
import { WriteQueue } from '../writer/write-queue';
import { BulkItemDto, type BulkUpdateDto } from './bulk-update.dto';

/** What became of one change of a bulk: a customer or, with another status than 200, a message. */
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

/** Changes several customers of a seller in one transaction. */
@Injectable()
export class BulkUpdateService {
  constructor(
    private readonly queue: WriteQueue,
    private readonly answers: Answers,
  ) {}

  /**
   * @throws HttpException with `isAtomic` for the first change that can't be made, when none is; otherwise each has its
   * own result.
   */
  async update(
    sellerId: string,
    { customers }: BulkUpdateDto,
    isAtomic: boolean,
    options: WriteOptions,
  ): Promise<BulkResult> {
    const changes = customers.map((item, index) => toChange(item, index, isAtomic));
    const result = await this.queue.submit({ ...options, sellerId, changes, isBulk: true, isAtomic });
    if (!result.isList) await this.answers.requireSuccess(sellerId, result);
    const results = await this.answers.results(sellerId, result);
    const items = results.map((item, index) => this.toItem(sellerId, item, changes[index] as Change));
    return { results: await Promise.all(items), isReplay: result.isReplay };
  }

  private async toItem(sellerId: string, { outcome, customer }: Result, change: Change): Promise<BulkItemResult> {
    const { status } = outcome;
    const id = change.type === 'create' ? change.customer.id : change.id;
    if (customer) return { id, status, customer };
    return { id, status, message: await this.answers.message(sellerId, outcome) };
  }
}

/** One that is not valid keeps its place: it fails for itself, unless all are to fail with it. */
function toChange(item: Record<string, unknown>, index: number, isAtomic: boolean): Change {
  const id = String(item.id).toLowerCase();
  try {
    const { id: _, ...patch } = validate(BulkItemDto, item, BODY.member('customers').member(String(index)));
    return { type: 'patch', id, patch };
  } catch (error) {
    if (isAtomic || !(error instanceof ValidationException)) throw error;
    return { type: 'refuse', id, message: error.message };
  }
}
