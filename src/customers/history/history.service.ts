import { Injectable, NotFoundException } from '@nestjs/common';
import { Config } from '../../config/config';
import type { Customer } from '../customer.entity';
import { CUSTOMER_ERRORS } from '../customer.errors';
import { FIELD_NAMES } from '../customer.fields';
import { CustomersRepository } from '../customers.repository';
import { changesBetween } from '../merge';
import { FairTurns } from '../../database/fair/fair-turns';
import { type HistoryEntry, versionKey, type VersionRef } from './history.entity';
import { asOfVersion, HistoryRepository, MAX_VERSION, type PastVersion } from './history.repository';

export interface HistoryPage {
  entries: HistoryEntry[];
  /** The next page starts below this version. Null on the last page. */
  next: number | null;
}

/** A customer at a version or, without one, as it is. */
export interface CustomerVersion {
  id: string;
  version?: number;
}

/** How many changes are followed to find an old version for a message that can do without it. */
const MAX_FOLLOWED = 256;

/** How many histories are read at the same time, as they may be large; for one seller one less. */
const READS_AT_ONCE = 3;

/** Reads the history of customers, and customers as they were. */
@Injectable()
export class HistoryService {
  private readonly reads: FairTurns;

  constructor(
    private readonly history: HistoryRepository,
    private readonly customers: CustomersRepository,
    { maxQueue }: Config,
  ) {
    this.reads = new FairTurns({ concurrent: READS_AT_ONCE, maxWaiting: maxQueue });
  }

  /**
   * Some entries of a customer, newest first: fewer than `limit` when they are large.
   * @throws NotFoundException when the seller has no such customer.
   */
  async page(sellerId: string, id: string, limit: number, below = MAX_VERSION): Promise<HistoryPage> {
    const entries = await this.reads.run(sellerId, () => this.history.findPage(sellerId, id, below, limit));
    const last = entries.at(-1);
    if (!last) await this.requireCustomer(sellerId, id);
    return { entries, next: last && last.version > last.oldest ? last.version : null };
  }

  /** A customer as it was at a version; undefined when it has never had that version. */
  async at(sellerId: string, current: Customer, version: number): Promise<Customer | undefined> {
    if (version < 1 || version > MAX_VERSION) return undefined;
    const past = await this.reads.run(sellerId, () => this.pastVersion(sellerId, { id: current.id, version }));
    return past && asOfVersion(current, past);
  }

  /** Reads customers, and returns how to get one. Unknown customers and versions are undefined. */
  async customersAt(
    sellerId: string,
    refs: CustomerVersion[],
  ): Promise<(ref: CustomerVersion) => Customer | undefined> {
    const ids = [...new Set(refs.map(({ id }) => id))];
    const rows = await this.customers.find(ids.map((id) => [sellerId, id]));
    const current = new Map(rows.map((row) => [row.id, row]));
    const isCurrent = ({ id, version }: CustomerVersion) => current.get(id)?.version === version;
    const past = refs.filter((ref): ref is VersionRef => ref.version !== undefined && !isCurrent(ref));
    const versions = await this.history.findVersions(sellerId, past);
    return ({ id, version }) => {
      const row = current.get(id);
      if (!row || version === undefined || version === row.version) return row;
      const found = versions.get(versionKey({ id, version }));
      return found && asOfVersion(row, found);
    };
  }

  /**
   * The fields that have changed up to a version since the highest of some older ones, and that one. If there are many
   * changes in between, a field that only the earlier ones changed is named if its value differs in the end. Undefined when
   * the history does not reach back so far.
   */
  async changesSince(
    sellerId: string,
    id: string,
    older: number[],
    upTo: number,
  ): Promise<{ since: number; fields: string[] } | undefined> {
    const since = Math.max(...older);
    const names = await this.reads.run(sellerId, () => this.namesSince(sellerId, id, since, upTo));
    return names && { since, fields: FIELD_NAMES.filter((name) => names.has(name)) };
  }

  private async namesSince(
    sellerId: string,
    id: string,
    since: number,
    upTo: number,
  ): Promise<Set<string> | undefined> {
    const changed = await this.history.findChangedFields(sellerId, id, since, upTo);
    if (!changed) return undefined;
    if (changed.isComplete) return new Set(changed.names);
    const then = await this.pastVersion(sellerId, { id, version: since }, MAX_FOLLOWED);
    const now = await this.pastVersion(sellerId, { id, version: upTo }, MAX_FOLLOWED);
    return then && now && new Set([...changed.names, ...Object.keys(changesBetween(then.members, now.members))]);
  }

  private async pastVersion(sellerId: string, ref: VersionRef, maxChanges?: number): Promise<PastVersion | undefined> {
    return (await this.history.findVersions(sellerId, [ref], maxChanges)).get(versionKey(ref));
  }

  private async requireCustomer(sellerId: string, id: string): Promise<void> {
    const rows = await this.customers.find([[sellerId, id]]);
    if (rows.length === 0) throw new NotFoundException(CUSTOMER_ERRORS.not_found.message);
  }
}
