import type { QueryExecutor } from '../../database/statements';
import type { VersionRef } from '../history/history.entity';
import { HistoryRepository, type PastVersion } from '../history/history.repository';
import { type Customer, customerKey, type CustomerRef, sellerEmailKey } from '../customer.entity';
import { CustomersRepository, type LockMode, type RemainingQuota, type SellersEmail } from '../customers.repository';
import { IdempotencyRepository, type Replay, type SellersRequest } from './idempotency.repository';
import { idsOf, newEmailOf, type WriteRequest } from './write-request';

/** What the database holds that some requests depend on. */
export interface WriteSnapshot {
  /** By `customerKey`. */
  customers: Map<string, Customer>;
  /** The keys of customers who exist, but whose rows another transaction holds. */
  lockBlocked: Set<string>;
  /** The ids of the customers who have an email that a request sets, by `sellerEmailKey`. */
  emailOwners: Map<string, string>;
  /** By `idempotencyKey`. */
  replays: Map<string, Replay>;
  /** By the ids of the sellers; those without a limit are not here. */
  quotas: Map<string, RemainingQuota>;
  /** The versions to which requests revert customers, by `versionKey`. */
  pastVersions: Map<string, PastVersion>;
}

/**
 * Reads what a batch depends on, side by side and without locks. All of it may have changed by the time of the write, which
 * checks that. Past versions are not read: requests that revert a customer are in no batch.
 * @param preloadedCustomer the only customer of the batch, when it has been read already.
 */
export async function loadSnapshot(
  executor: QueryExecutor,
  requests: WriteRequest[],
  preloadedCustomer?: Customer,
): Promise<WriteSnapshot> {
  const repository = new CustomersRepository(executor);
  const [customers, emailOwners, replays, quotas] = await Promise.all([
    preloadedCustomer ? [preloadedCustomer] : repository.find(refsOf(requests)),
    repository.findEmailOwners(emailsOf(requests)),
    new IdempotencyRepository(executor).findReplays(idempotentAmong(requests)),
    repository.findQuotas(creatorsAmong(requests), false),
  ]);
  return {
    customers: byKey(customers),
    lockBlocked: new Set(),
    emailOwners,
    replays,
    quotas,
    pastVersions: new Map(),
  };
}

/**
 * Locks and reads what one request depends on, step by step. All requests lock the seller's limit before any customer, and
 * what depends on a customer is read once the customer is locked.
 */
export async function lockAndLoad(
  transaction: QueryExecutor,
  request: WriteRequest,
  lock: LockMode,
): Promise<WriteSnapshot> {
  const repository = new CustomersRepository(transaction);
  const idempotency = new IdempotencyRepository(transaction);
  const requests = [request];
  const quotas = await repository.findQuotas(creatorsAmong(requests), true);
  const isUpsert = request.changes.some(({ type }) => type === 'upsert');
  const refs = isUpsert ? await findUpserted(repository, request) : refsOf(requests);
  const deletes = request.changes.some(({ type }) => type === 'delete');
  const customers = byKey(await repository.find(refs, deletes ? 'delete' : lock));
  const all = lock === 'skip' ? byKey(await repository.find(refs)) : customers;
  const lockBlocked = new Set([...all.keys()].filter((key) => !customers.has(key)));
  // After the lock: while this request waited for it, another instance may have carried out the same request.
  const idempotent = idempotentAmong(requests);
  await idempotency.deleteExpired(idempotent);
  const replays = await idempotency.findReplays(idempotent);
  const pastVersions = await new HistoryRepository(transaction).findVersions(request.sellerId, versionsIn(request));
  const emails = [...emailsOf(requests), ...emailsIn(pastVersions, request.sellerId)];
  const emailOwners = isUpsert ? ownersAmong(all) : await repository.findEmailOwners(emails);
  return { customers, lockBlocked, emailOwners, replays, quotas, pastVersions };
}

/** The customers whom upserts find by their emails, and those with the ids that they name. */
async function findUpserted(repository: CustomersRepository, request: WriteRequest): Promise<CustomerRef[]> {
  const owners = await repository.findEmailOwners(emailsOf([request]));
  return [...new Set([...idsOf(request), ...owners.values()])].map((id) => [request.sellerId, id]);
}

/** As the rows have their emails now: others may have changed them between the look-up and the lock. */
function ownersAmong(customers: Map<string, Customer>): Map<string, string> {
  return new Map([...customers.values()].map(({ seller_id, id, email }) => [sellerEmailKey(seller_id, email), id]));
}

function byKey(customers: Customer[]): Map<string, Customer> {
  return new Map(customers.map((customer) => [customerKey(customer.seller_id, customer.id), customer]));
}

function refsOf(requests: WriteRequest[]): CustomerRef[] {
  return requests.flatMap((request) => idsOf(request).map((id): CustomerRef => [request.sellerId, id]));
}

function emailsOf(requests: WriteRequest[]): SellersEmail[] {
  return requests.flatMap(({ sellerId, changes }) =>
    changes.flatMap((change): SellersEmail[] => {
      const email = newEmailOf(change);
      return email ? [[sellerId, email]] : [];
    }),
  );
}

function emailsIn(versions: Map<string, PastVersion>, sellerId: string): SellersEmail[] {
  return [...versions.values()].flatMap(({ members: { email } }): SellersEmail[] => (email ? [[sellerId, email]] : []));
}

function versionsIn({ changes }: WriteRequest): VersionRef[] {
  return changes.flatMap((change) => (change.type === 'revert' ? [change] : []));
}

function idempotentAmong(requests: WriteRequest[]): SellersRequest[] {
  return requests.flatMap(({ sellerId, idempotency, dryRun }): SellersRequest[] =>
    idempotency && !dryRun ? [[sellerId, idempotency]] : [],
  );
}

function creatorsAmong(requests: WriteRequest[]): string[] {
  const creators = requests.filter(({ changes }) => changes.some(({ type }) => type === 'create' || type === 'upsert'));
  return [...new Set(creators.map(({ sellerId }) => sellerId))];
}
