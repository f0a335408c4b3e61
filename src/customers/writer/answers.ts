import {
  BadRequestException,
  ConflictException,
  ForbiddenException,
  type HttpException,
  Injectable,
  NotFoundException,
  PreconditionFailedException,
  ServiceUnavailableException,
  UnprocessableEntityException,
} from '@nestjs/common';
import { HistoryService } from '../../history/history.service';
import type { Customer } from '../customer.entity';
import { EmailConflictException } from '../email-conflict.exception';
import { isFailure, type JobResult, MESSAGES, type Outcome, type Result } from './change';

/** A customer as a change left it. */
export interface Written {
  customer: Customer;
  /** It was carried out before, and this is what came of it then. */
  isReplay: boolean;
}

const EXCEPTIONS = {
  400: BadRequestException,
  403: ForbiddenException,
  404: NotFoundException,
  409: ConflictException,
  422: UnprocessableEntityException,
  503: ServiceUnavailableException,
};

/** Turns outcomes, fresh or stored, into customers and exceptions. */
@Injectable()
export class Answers {
  constructor(private readonly history: HistoryService) {}

  /**
   * The customer that a job of one change is about.
   * @throws HttpException that says why there was no change: 403, 404, 409, 412 or 422.
   */
  async customer(sellerId: string, result: JobResult): Promise<Written> {
    const [{ outcome, customer }] = (await this.results(sellerId, result)) as [Result];
    if (!customer) throw await this.exception(sellerId, outcome, result.isReplay);
    return { customer, isReplay: result.isReplay };
  }

  /** @throws HttpException as `customer` does. */
  async requireSuccess(sellerId: string, result: JobResult): Promise<void> {
    const failed = (await this.results(sellerId, result)).find(isFailure);
    if (failed) throw await this.exception(sellerId, failed.outcome, result.isReplay);
  }

  /**
   * The results of a job; those of a replay with their customers as they were then.
   * @throws NotFoundException when a customer of a replay has been deleted since.
   */
  async results(sellerId: string, { results, isReplay }: JobResult): Promise<Result[]> {
    if (!isReplay) return results;
    const customers = await this.history.recall(sellerId, results.flatMap(namedBy));
    return results.map((result) => {
      const [named] = namedBy(result);
      const customer = named && customers.get(named.id);
      if (named && !customer) throw new NotFoundException(MESSAGES.unknown);
      return customer && !isFailure(result) ? { ...result, customer } : result;
    });
  }

  /** What a client is told of a failure. */
  async message(sellerId: string, outcome: Outcome): Promise<string> {
    if ('message' in outcome) return outcome.message;
    if (outcome.status !== 412) throw new Error(`${outcome.status} is no failure`);
    const { id, version, older, because } = outcome;
    if (because === 'no_strong_tag') return `If-Match names no strong ETag; the current one is "${version}"`;
    if (because === 'if_none_match') return `If-None-Match matches the current version ${version}`;
    const current = `Customer has changed: current version is ${version}`;
    const changes = older.length > 0 ? await this.history.changesSince(sellerId, id, older, version) : undefined;
    return changes ? `${current}, changed since version ${changes.since}: ${changes.members.join(', ')}` : current;
  }

  private async exception(sellerId: string, outcome: Outcome, isReplay: boolean): Promise<HttpException> {
    const message = await this.message(sellerId, outcome);
    const headers = isReplay ? { 'idempotent-replayed': 'true' } : {};
    return Object.assign(exceptionOf(outcome, message), { headers });
  }
}

/** The customer that a stored result is about: at a version where its answer held the customer. */
function namedBy({ outcome }: Result): { id: string; version?: number }[] {
  const { id, status } = outcome;
  if (id === undefined) return [];
  return status === 200 || status === 201 ? [{ id, version: outcome.version }] : [{ id }];
}

function exceptionOf({ status }: Outcome, message: string): HttpException {
  if (message === MESSAGES.emailTaken) return new EmailConflictException();
  if (status === 412) return new PreconditionFailedException(message);
  return new EXCEPTIONS[status as keyof typeof EXCEPTIONS](message);
}
