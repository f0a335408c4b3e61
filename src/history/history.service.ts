import { Injectable, NotFoundException } from '@nestjs/common';
import { Config } from '../config/config';
import type { Customer } from '../customers/customer.entity';
import { findRows } from '../customers/rows';
import { changesBetween, MEMBERS } from '../customers/writer/merge';
import { FairTurns } from '../database/fair/fair-turns';
import { type Statement, Statements } from '../database/statements';
import type { HistoryEntry } from './history-entry';
import { findStates, type State, stateKey, type VersionName } from './states';

export interface HistoryPage {
  entries: HistoryEntry[];
  /** Where the next page starts: below this version. Null on the last page. */
  next: number | null;
}

/** No further entry is put on a page that holds as many bytes of changes. */
const PAGE_BYTES = 128 * 1024;

const OF_CUSTOMER = 'seller_id = $1 AND customer_id = $2';

/** Goes from entry to entry, so that it reads no further than the page reaches. */
const FIND_PAGE: Statement = {
  name: 'find_history_page',
  text: `
  WITH RECURSIVE page AS (
    SELECT $3::int AS version, 0 AS entries, 0 AS bytes
    UNION ALL
    SELECT next.version, page.entries + 1, page.bytes + next.bytes FROM page CROSS JOIN LATERAL (
      SELECT version, octet_length(changes::text) AS bytes FROM customer_history
       WHERE ${OF_CUSTOMER} AND version < page.version ORDER BY version DESC LIMIT 1) AS next
     WHERE page.entries < $4 AND page.bytes < ${PAGE_BYTES}
  )
  SELECT entry.*, (SELECT min(version) FROM customer_history WHERE ${OF_CUSTOMER}) AS oldest
    FROM page CROSS JOIN LATERAL (
      SELECT version, type, changes, actor_type, actor_id, actor_name, request_id, created_at FROM customer_history
       WHERE ${OF_CUSTOMER} AND version = page.version LIMIT 1) AS entry
   WHERE page.entries > 0 ORDER BY entry.version DESC`,
};

/** How many entries are asked which members they changed. */
const NAMED_ENTRIES = 32;

/** Reads names and no values: these may be large. */
const FIND_CHANGES: Statement = {
  name: 'find_changes_since',
  text: `
  SELECT ARRAY(SELECT DISTINCT json_object_keys(changes) FROM customer_history
                WHERE ${OF_CUSTOMER} AND version > GREATEST(known.version, $4::int - ${NAMED_ENTRIES}) AND version <= $4) AS members
    FROM customer_history AS known WHERE ${OF_CUSTOMER} AND version = $3`,
};

/** How many changes are followed to find what a customer was, for a message that can do without. */
const MAX_FOLLOWED = 256;

/** How many answers are read at the same time, as they may be large; of one seller one less. */
const READS_AT_ONCE = 3;

/** Beyond every version. */
const END = 2 ** 31 - 1;

/** What became of customers, version by version. */
@Injectable()
export class HistoryService {
  private readonly reads: FairTurns;

  constructor(
    private readonly statements: Statements,
    { maxQueue }: Config,
  ) {
    this.reads = new FairTurns({ concurrent: READS_AT_ONCE, maxWaiting: maxQueue });
  }

  /**
   * Some entries of a customer, newest first: fewer than `limit` when they are large.
   * @throws NotFoundException when the seller has no such customer.
   */
  async page(sellerId: string, id: string, limit: number, below = END): Promise<HistoryPage> {
    const values = [sellerId, id, below, limit];
    const find = () => this.statements.run<HistoryEntry & { oldest: number }>(FIND_PAGE, values);
    const entries = await this.reads.run(sellerId, find);
    const last = entries.at(-1);
    if (!last) await this.requireCustomer(sellerId, id);
    return { entries, next: last && last.version > last.oldest ? last.version : null };
  }

  /** A customer, read before, as it was at a version; undefined when it has never had that version. */
  async at(sellerId: string, current: Customer, version: number): Promise<Customer | undefined> {
    if (version < 1 || version > END) return undefined;
    const state = await this.reads.run(sellerId, () => this.state(sellerId, { id: current.id, version }));
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
   * What has changed up to a version since the highest of some older ones: that one, and the members in their order. Where
   * there are many changes in between, what only the earlier of them changed is named if it is another now than it was.
   * Undefined when the history does not reach back so far.
   */
  async changesSince(
    sellerId: string,
    id: string,
    older: number[],
    upTo: number,
  ): Promise<{ since: number; members: string[] } | undefined> {
    const since = Math.max(...older);
    const names = await this.reads.run(sellerId, () => this.namesSince(sellerId, id, since, upTo));
    return names && { since, members: MEMBERS.filter((member) => names.has(member)) };
  }

  private async namesSince(
    sellerId: string,
    id: string,
    since: number,
    upTo: number,
  ): Promise<Set<string> | undefined> {
    const [known] = await this.statements.run<{ members: string[] }>(FIND_CHANGES, [sellerId, id, since, upTo]);
    if (!known) return undefined;
    const names = new Set(known.members);
    if (upTo - since <= NAMED_ENTRIES) return names;
    const then = await this.state(sellerId, { id, version: since }, MAX_FOLLOWED);
    const now = await this.state(sellerId, { id, version: upTo }, MAX_FOLLOWED);
    return then && now && new Set([...names, ...Object.keys(changesBetween(then.members, now.members))]);
  }

  private async state(sellerId: string, name: VersionName, maxChanges?: number): Promise<State | undefined> {
    return (await findStates(this.statements, sellerId, [name], maxChanges)).get(stateKey(name));
  }

  private async requireCustomer(sellerId: string, id: string): Promise<void> {
    const rows = await findRows(this.statements, [[sellerId, id]]);
    if (rows.length === 0) throw new NotFoundException('Customer not found');
  }
}

function withState(current: Customer, { version, members, created_at }: State): Customer {
  return { ...current, ...members, version, updated_at: created_at };
}
