import { type Members, MEMBERS } from '../customers/writer/merge';
import { arrayOf, type QueryExecutor as Runner, type Statement } from '../database/statements';

/** A version of a customer. */
export interface VersionName {
  id: string;
  version: number;
}

export interface State extends VersionName {
  /** When the customer came to this version. */
  created_at: Date;
  members: Members;
}

export function stateKey({ id, version }: VersionName): string {
  return `${id}:${version}`;
}

const OF_CUSTOMER = 'seller_id = $1 AND customer_id = wanted.id';
const CURRENT_MEMBERS = MEMBERS.map((member) => `'${member}', ${member}`).join(', ');

/**
 * Starts from the nearest version of which all members are known: a snapshot, the creation, or the customer as it is now.
 * From there it follows the changes: back to what the first one after the version calls old, or forward to what the last one
 * up to the version calls new. That is no more entries than lie between two snapshots, however long the history.
 */
const FIND: Statement = {
  name: 'find_customer_states',
  text: `
  SELECT entry.customer_id AS id, entry.version, entry.created_at, state.members
    FROM unnest(${arrayOf('uuid', '$2')}, ${arrayOf('bigint', '$3')}) AS wanted (id, version)
   CROSS JOIN LATERAL (
     SELECT customer_id, version, created_at FROM customer_history
      WHERE ${OF_CUSTOMER} AND version = wanted.version LIMIT 1) AS entry
   CROSS JOIN LATERAL (
     SELECT version, members, version < wanted.version AS is_before FROM (
       (SELECT version, snapshot AS members FROM customer_history
         WHERE ${OF_CUSTOMER} AND version <= wanted.version AND snapshot IS NOT NULL ORDER BY version DESC LIMIT 1)
       UNION ALL
       (SELECT version, snapshot FROM customer_history
         WHERE ${OF_CUSTOMER} AND version >= wanted.version AND snapshot IS NOT NULL ORDER BY version LIMIT 1)
       UNION ALL
       (SELECT version, (SELECT json_object_agg(key, value -> 'new') FROM json_each(changes))
          FROM (SELECT * FROM customer_history WHERE ${OF_CUSTOMER} ORDER BY version LIMIT 1) AS oldest
         WHERE type = 'created')
       UNION ALL
       (SELECT version, json_build_object(${CURRENT_MEMBERS}) FROM customers WHERE seller_id = $1 AND id = wanted.id LIMIT 1)
     ) AS known ORDER BY abs(version - wanted.version) LIMIT 1) AS base
   CROSS JOIN LATERAL (
     SELECT json_object_agg(member.name, coalesce(changed.value, base.members -> member.name)) AS members
       FROM unnest('{${MEMBERS.join(', ')}}'::text[]) AS member (name)
       LEFT JOIN (
         SELECT DISTINCT ON (change.key) change.key AS name,
                CASE WHEN base.is_before THEN change.value -> 'new' ELSE change.value -> 'old' END AS value
           FROM customer_history, json_each(changes) AS change
          WHERE ${OF_CUSTOMER} AND version > LEAST(base.version, wanted.version)
            AND version <= GREATEST(base.version, wanted.version)
          ORDER BY change.key, abs(version - wanted.version)) AS changed ON changed.name = member.name
   ) AS state
   WHERE abs(base.version - wanted.version) <= $4`,
};

/** More than lie between any two versions. */
const ANY_NUMBER = 2 ** 31 - 1;

/**
 * What customers of a seller were at some versions, by `stateKey`. Left out are versions that the history does not know, and
 * those that it would have to follow more than `maxChanges` changes for, which takes a history that is older than snapshots.
 */
export async function findStates(
  runner: Runner,
  sellerId: string,
  versions: VersionName[],
  maxChanges = ANY_NUMBER,
): Promise<Map<string, State>> {
  if (versions.length === 0) return new Map();
  const values = [sellerId, versions.map(({ id }) => id), versions.map(({ version }) => version), maxChanges];
  const states = await runner.run<State & Record<string, unknown>>(FIND, values);
  return new Map(states.map((state) => [stateKey(state), state]));
}
