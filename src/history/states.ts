import { arrayOf, type Runner, type Statement } from '../database/statements';
import type { Members } from '../customers/writer/merge';

/** A version of a customer. */
export interface VersionName {
  id: string;
  version: number;
}

export interface State extends VersionName {
  /** When the customer came to this version. */
  created_at: Date;
  /** What its members were, where they have changed since. */
  members: Partial<Members>;
}

export function stateKey({ id, version }: VersionName): string {
  return `${id}:${version}`;
}

/** What a member was at a version is what the first change after it calls old. */
const FIND: Statement = {
  name: 'find_customer_states',
  text: `
  SELECT entry.customer_id AS id, entry.version, entry.created_at, since.members
    FROM unnest(${arrayOf('uuid', '$2')}, ${arrayOf('bigint', '$3')}) AS wanted (id, version)
    JOIN customer_history AS entry
      ON entry.seller_id = $1 AND entry.customer_id = wanted.id AND entry.version = wanted.version
   CROSS JOIN LATERAL (
     SELECT coalesce(json_object_agg(member, old), '{}') AS members
       FROM (SELECT DISTINCT ON (change.key) change.key AS member, change.value -> 'old' AS old
               FROM customer_history AS later, json_each(later.changes) AS change
              WHERE later.seller_id = $1 AND later.customer_id = wanted.id AND later.version > wanted.version
              ORDER BY change.key, later.version) AS first) AS since`,
};

/**
 * What customers of a seller were at some versions, by `stateKey`; versions that the history does not know are left out.
 * To be asked after the rows to which the states are applied have been read: then what has changed meanwhile is in the
 * states, and does no harm there.
 */
export async function findStates(
  runner: Runner,
  sellerId: string,
  versions: VersionName[],
): Promise<Map<string, State>> {
  if (versions.length === 0) return new Map();
  const values = [sellerId, versions.map(({ id }) => id), versions.map(({ version }) => version)];
  const states = await runner.run<State & Record<string, unknown>>(FIND, values);
  return new Map(states.map((state) => [stateKey(state), state]));
}
