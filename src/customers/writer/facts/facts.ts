import type { QueryExecutor as Runner } from '../../../database/statements';
import { findStates, type State, type VersionName } from '../../../history/states';
import type { Job } from '../change';
import { findEmailOwners, type SellersEmail } from './emails';
import { findRoom, type Room } from './limits';
import { findRecords, type SellersClaim, type StoredRecord } from './records';
import type { Customer } from '../../customer.entity';
import { findRows, type Lock, rowKey, type RowName } from '../../rows';

/** What the database says that some jobs depend on. */
export interface Facts {
  /** By `rowKey`. */
  rows: Map<string, Customer>;
  /** Keys of rows that are there, but held by somebody else. */
  held: Set<string>;
  /** Ids of the customers who have an email that a job asks for, by `ownerKey`. */
  emailOwners: Map<string, string>;
  /** By `claimKey`. */
  records: Map<string, StoredRecord>;
  /** By the id of the seller; those without a limit are not here. */
  room: Map<string, Room>;
  /** The versions to which a job reverts customers, by `stateKey`. */
  states: Map<string, State>;
}

/**
 * Reads without locking, side by side: by the time that something is written, all of it may be different, which the write
 * has to check. States are not read: jobs that revert lock.
 */
export async function glance(runner: Runner, jobs: Job[]): Promise<Facts> {
  const [rows, emailOwners, records, room] = await Promise.all([
    findRows(runner, rowsOf(jobs)),
    findEmailOwners(runner, emailsOf(jobs)),
    findRecords(runner, claimsOf(jobs), false),
    findRoom(runner, creatorsOf(jobs), false),
  ]);
  return { rows: byKey(rows), emailOwners, records, room, states: new Map(), held: new Set() };
}

/**
 * Locks and reads, one after the other: the sellers' limits before any row, as everybody does, and what depends on a row
 * after it.
 */
export async function settle(transaction: Runner, job: Job, lock: Lock): Promise<Facts> {
  const jobs = [job];
  const room = await findRoom(transaction, creatorsOf(jobs), true);
  const names = rowsOf(jobs);
  const rows = byKey(await findRows(transaction, names, lock));
  const all = lock === 'skip' ? byKey(await findRows(transaction, names)) : rows;
  const held = new Set([...all.keys()].filter((key) => !rows.has(key)));
  // Not before: while this waited for the row, the same request may have been carried out on another instance.
  const records = await findRecords(transaction, claimsOf(jobs), true);
  const states = await findStates(transaction, job.sellerId, versionsOf(job));
  const emails = [...emailsOf(jobs), ...emailsIn(states, job.sellerId)];
  const emailOwners = await findEmailOwners(transaction, emails);
  return { rows, held, emailOwners, records, room, states };
}

function byKey(rows: Customer[]): Map<string, Customer> {
  return new Map(rows.map((row) => [rowKey(row.seller_id, row.id), row]));
}

function rowsOf(jobs: Job[]): RowName[] {
  return jobs.flatMap(({ sellerId, changes }) =>
    changes.flatMap((change): RowName[] => (change.type === 'create' ? [] : [[sellerId, change.id]])),
  );
}

function emailsOf(jobs: Job[]): SellersEmail[] {
  return jobs.flatMap(({ sellerId, changes }) =>
    changes.flatMap((change): SellersEmail[] => {
      const email = change.type === 'create' ? change.customer.email : change.type === 'patch' && change.patch.email;
      return email ? [[sellerId, email]] : [];
    }),
  );
}

function emailsIn(states: Map<string, State>, sellerId: string): SellersEmail[] {
  return [...states.values()].flatMap(({ members: { email } }): SellersEmail[] => (email ? [[sellerId, email]] : []));
}

function versionsOf({ changes }: Job): VersionName[] {
  return changes.flatMap((change) => (change.type === 'revert' ? [change] : []));
}

function claimsOf(jobs: Job[]): SellersClaim[] {
  return jobs.flatMap(({ sellerId, claim, dryRun }): SellersClaim[] => (claim && !dryRun ? [[sellerId, claim]] : []));
}

function creatorsOf(jobs: Job[]): string[] {
  const creators = jobs.filter(({ changes }) => changes.some(({ type }) => type === 'create'));
  return [...new Set(creators.map(({ sellerId }) => sellerId))];
}
