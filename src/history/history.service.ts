import { Injectable, NotFoundException } from '@nestjs/common';
import type { Customer } from '../customers/customer.entity';
import { findRows } from '../customers/rows';
import { type Changes, MEMBERS } from '../customers/writer/merge';
import { type Statement, Statements } from '../database/statements';
import type { HistoryEntry } from './history-entry';
import { findStates, type State, stateKey } from './states';

export interface HistoryPage {
  entries: HistoryEntry[];
  /** Where the next page starts: below this version. Null on the last page. */
  next: number | null;
}

const FIND_PAGE: Statement = {
  name: 'find_history_page',
  text: `
  SELECT version, type, changes, actor_type, actor_id, actor_name, request_id, created_at
    FROM customer_history WHERE seller_id = $1 AND customer_id = $2 AND version < $3 ORDER BY version DESC LIMIT $4`,
};

const FIND_CHANGES: Statement = {
  name: 'find_changes_since',
  text: `
  SELECT version, changes FROM customer_history
   WHERE seller_id = $1 AND customer_id = $2 AND version <= $4 AND version >= (
     SELECT max(version) FROM customer_history WHERE seller_id = $1 AND customer_id = $2 AND version = ANY($3::int[]))
   ORDER BY version`,
};

/** Beyond every version. */
const END = 2 ** 31 - 1;

/** What became of customers, version by version. */
@Injectable()
export class HistoryService {
  constructor(private readonly statements: Statements) {}

  /**
   * Some entries of a customer, newest first.
   * @throws NotFoundException when the seller has no such customer.
   */
  async page(sellerId: string, id: string, limit: number, below = END): Promise<HistoryPage> {
    const found = await this.statements.run<HistoryEntry & Record<string, unknown>>(FIND_PAGE, [
      sellerId,
      id,
      below,
      limit + 1,
    ]);
    if (found.length === 0) await this.requireCustomer(sellerId, id);
    const entries = found.slice(0, limit);
    return { entries, next: found.length > limit ? (entries.at(-1)?.version ?? null) : null };
  }

  /** A customer, read before, as it was at a version; undefined when it has never had that version. */
  async at(sellerId: string, current: Customer, version: number): Promise<Customer | undefined> {
    if (version < 1 || version > END) return undefined;
    const states = await findStates(this.statements, sellerId, [{ id: current.id, version }]);
    const state = states.get(stateKey({ id: current.id, version }));
    return state && withState(current, state);
  }

  /** Customers by their ids: as they were at a version or, where none is named, as they are. Unknown ones are left out. */
  async recall(sellerId: string, wanted: { id: string; version?: number }[]): Promise<Map<string, Customer>> {
    const rows = await findRows(
      this.statements,
      wanted.map(({ id }) => [sellerId, id]),
    );
    const versions = wanted.flatMap(({ id, version }) => (version === undefined ? [] : [{ id, version }]));
    const states = await findStates(this.statements, sellerId, versions);
    const past = versions.flatMap(({ id, version }): [string, Customer][] => {
      const [row, state] = [rows.find((row) => row.id === id), states.get(stateKey({ id, version }))];
      return row && state ? [[id, withState(row, state)]] : [];
    });
    return new Map([...rows.map((row): [string, Customer] => [row.id, row]), ...past]);
  }

  /**
   * What has changed up to a version since the highest of some older ones that the history knows: that one, and the
   * members in their order. Undefined when it knows none.
   */
  async changesSince(
    sellerId: string,
    id: string,
    older: number[],
    upTo: number,
  ): Promise<{ since: number; members: string[] } | undefined> {
    const values = [sellerId, id, older, upTo];
    const [known, ...later] = await this.statements.run<{ version: number; changes: Changes }>(FIND_CHANGES, values);
    if (!known) return undefined;
    return { since: known.version, members: MEMBERS.filter((member) => later.some(({ changes }) => changes[member])) };
  }

  private async requireCustomer(sellerId: string, id: string): Promise<void> {
    const rows = await findRows(this.statements, [[sellerId, id]]);
    if (rows.length === 0) throw new NotFoundException('Customer not found');
  }
}

function withState(current: Customer, { version, members, created_at }: State): Customer {
  return { ...current, ...members, version, updated_at: created_at };
}
