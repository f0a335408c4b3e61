import { Inject, Injectable } from '@nestjs/common';
import type { Customer } from '../customer.entity';
import { type CustomerFields, FIELD_NAMES } from '../customer.fields';
import { arrayOf, type QueryExecutor, rowsOf, type Statement, Statements } from '../../database/statements';
import { type HistoryEntry, type NewHistoryEntry, versionKey, type VersionRef } from './history.entity';

/** A customer as it was at a version. */
export interface PastVersion extends VersionRef {
  /** When the customer came to this version. */
  created_at: Date;
  members: CustomerFields;
}

/** The customer of a row as it was at a version. */
export function asOfVersion(current: Customer, { version, members, created_at }: PastVersion): Customer {
  return { ...current, ...members, version, updated_at: created_at };
}

/** No further entry is put on a page once it has so many bytes of changes. */
const PAGE_BYTES = 128 * 1024;

/** The newest entries that are searched for the names of changed fields. */
const NAMED_ENTRIES = 32;

/** Above every version, and more than lie between any two. */
export const MAX_VERSION = 2 ** 31 - 1;

const OF_CUSTOMER = 'seller_id = $1 AND customer_id = $2';
const OF_WANTED = 'seller_id = $1 AND customer_id = wanted.id';

/** Reads one entry after the other, and none beyond the page. */
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

/** Reads names and no values, as these may be large. */
const FIND_CHANGES: Statement = {
  name: 'find_changes_since',
  text: `
  SELECT ARRAY(SELECT DISTINCT json_object_keys(changes) FROM customer_history
                WHERE ${OF_CUSTOMER} AND version > GREATEST(known.version, $4::int - ${NAMED_ENTRIES}) AND version <= $4) AS members
    FROM customer_history AS known WHERE ${OF_CUSTOMER} AND version = $3`,
};

const CURRENT_FIELDS = FIELD_NAMES.map((name) => `'${name}', ${name}`).join(', ');

/**
 * Starts from the nearest version of which all fields are stored: a snapshot, the creation, or the customer as it is now.
 * From there it follows the changes: back to what the first one after the version has as old values, or forward to what the
 * last one up to the version has as new values. It reads no more entries than lie between two snapshots, however long the
 * history is.
 */
const FIND_VERSIONS: Statement = {
  name: 'find_customer_states',
  text: `
  SELECT entry.customer_id AS id, entry.version, entry.created_at, state.members
    FROM unnest(${arrayOf('uuid', '$2')}, ${arrayOf('bigint', '$3')}) AS wanted (id, version)
   CROSS JOIN LATERAL (
     SELECT customer_id, version, created_at FROM customer_history
      WHERE ${OF_WANTED} AND version = wanted.version LIMIT 1) AS entry
   CROSS JOIN LATERAL (
     SELECT version, members, version < wanted.version AS is_before FROM (
       (SELECT version, snapshot AS members FROM customer_history
         WHERE ${OF_WANTED} AND version <= wanted.version AND snapshot IS NOT NULL ORDER BY version DESC LIMIT 1)
       UNION ALL
       (SELECT version, snapshot FROM customer_history
         WHERE ${OF_WANTED} AND version >= wanted.version AND snapshot IS NOT NULL ORDER BY version LIMIT 1)
       UNION ALL
       (SELECT version, (SELECT json_object_agg(key, value -> 'new') FROM json_each(changes))
          FROM (SELECT * FROM customer_history WHERE ${OF_WANTED} ORDER BY version LIMIT 1) AS oldest
         WHERE type = 'created')
       UNION ALL
       (SELECT version, json_build_object(${CURRENT_FIELDS}) FROM customers WHERE seller_id = $1 AND id = wanted.id LIMIT 1)
     ) AS known ORDER BY abs(version - wanted.version) LIMIT 1) AS base
   CROSS JOIN LATERAL (
     SELECT json_object_agg(member.name, coalesce(changed.value, base.members -> member.name)) AS members
       FROM unnest('{${FIELD_NAMES.join(', ')}}'::text[]) AS member (name)
       LEFT JOIN (
         SELECT DISTINCT ON (change.key) change.key AS name,
                CASE WHEN base.is_before THEN change.value -> 'new' ELSE change.value -> 'old' END AS value
           FROM customer_history, json_each(changes) AS change
          WHERE ${OF_WANTED} AND version > LEAST(base.version, wanted.version)
            AND version <= GREATEST(base.version, wanted.version)
          ORDER BY change.key, abs(version - wanted.version)) AS changed ON changed.name = member.name
   ) AS state
   WHERE abs(base.version - wanted.version) <= $4`,
};

/** The columns of an entry that the service sets, and their types. */
export const ENTRY_COLUMNS: Record<keyof NewHistoryEntry, string> = {
  seller_id: 'uuid',
  customer_id: 'uuid',
  version: 'integer',
  type: 'text',
  changes: 'json',
  actor_type: 'text',
  actor_id: 'uuid',
  actor_name: 'text',
  request_id: 'text',
  snapshot: 'json',
};

/**
 * Inserts the entries of the JSON array `parameter`, as a part of the statement that writes the customers of `written`: a
 * relation with the columns `seller_id`, `id`, `position` and `updated_at`.
 */
export function insertHistory(parameter: string, written: string): string {
  const columns = Object.keys(ENTRY_COLUMNS);
  return `
    INSERT INTO customer_history (${columns.join(', ')}, position, created_at)
    SELECT ${columns.map((column) => `entry.${column}`).join(', ')}, written.position, written.updated_at
      FROM ${rowsOf(ENTRY_COLUMNS, parameter)} AS entry
      JOIN ${written} ON written.seller_id = entry.seller_id AND written.id = entry.customer_id`;
}

/** Reads the history of customers, on a connection of its own for each statement or, with a transaction, in that. */
@Injectable()
export class HistoryRepository {
  constructor(@Inject(Statements) private readonly executor: QueryExecutor) {}

  /** The newest entries below a version, at most `limit` and fewer if they are large; each with the oldest version there is. */
  findPage(sellerId: string, id: string, below: number, limit: number): Promise<(HistoryEntry & { oldest: number })[]> {
    return this.executor.run<HistoryEntry & { oldest: number } & Record<string, unknown>>(FIND_PAGE, [
      sellerId,
      id,
      below,
      limit,
    ]);
  }

  /**
   * The names of the fields that changed after one version and up to another. Only the newest entries are searched:
   * `isComplete` says whether those are all. Undefined when the history does not have the first version.
   */
  async findChangedFields(
    sellerId: string,
    id: string,
    since: number,
    upTo: number,
  ): Promise<{ names: string[]; isComplete: boolean } | undefined> {
    const [known] = await this.executor.run<{ members: string[] }>(FIND_CHANGES, [sellerId, id, since, upTo]);
    return known && { names: known.members, isComplete: upTo - since <= NAMED_ENTRIES };
  }

  /**
   * Customers of a seller as they were at some versions, by `versionKey`. Left out are versions that the history does not
   * have, and those for which it would have to follow more than `maxChanges` changes, as in a history older than snapshots.
   */
  async findVersions(
    sellerId: string,
    versions: VersionRef[],
    maxChanges = MAX_VERSION,
  ): Promise<Map<string, PastVersion>> {
    if (versions.length === 0) return new Map();
    const values = [sellerId, versions.map(({ id }) => id), versions.map(({ version }) => version), maxChanges];
    const found = await this.executor.run<PastVersion & Record<string, unknown>>(FIND_VERSIONS, values);
    return new Map(found.map((version) => [versionKey(version), version]));
  }
}
