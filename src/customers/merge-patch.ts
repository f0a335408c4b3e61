import type { Statement } from '../database/statements';
import { membersOf } from '../http/validation/members';
import { UpdateCustomerDto } from './dto/update-customer.dto';

/**
 * Merges a patch (RFC 7396) into a customer: `$1` seller, `$2` customer, `$3` the patch as JSON. It works on the row's own
 * values, so that the database merges what it finds once it holds the row: of two changes at once neither is lost, down
 * to the members of one address. A patch that changes nothing finds no row.
 */
export const MERGE_PATCH: Statement = { name: 'merge_patch', text: mergeStatement() };

function mergeStatement(): string {
  const next = [...membersOf(UpdateCustomerDto)].map(([member, { nested }]) => ({
    member,
    value: nested ? mergedAddress(member) : mergedText(member),
  }));
  const members = next.map(({ member }) => member).join(', ');
  return `
    UPDATE customers
       SET ${next.map(({ member, value }) => `${member} = ${value}`).join(', ')},
           version = version + 1,
           updated_at = GREATEST(clock_timestamp(), updated_at)
     WHERE seller_id = $1 AND id = $2 AND (${members}) IS DISTINCT FROM (${next.map(({ value }) => value).join(', ')})
    RETURNING seller_id, id, version, ${members}, source, created_at, updated_at`;
}

function mergedText(member: string): string {
  return `CASE WHEN $3::jsonb ? '${member}' THEN $3 ->> '${member}' ELSE ${member} END`;
}

/** An address of which no member is left is null. */
function mergedAddress(member: string): string {
  return `CASE jsonb_typeof($3 -> '${member}')
    WHEN 'object' THEN NULLIF(jsonb_strip_nulls(COALESCE(${member}, '{}') || ($3 -> '${member}')), '{}')
    WHEN 'null' THEN NULL
    ELSE ${member} END`;
}
