import { fieldsOf } from '../../http/validation/fields';
import { CreateCustomerDto } from '../dto/update-customer.dto';

/** A column of a CSV file: a member of a customer, or a member of one of its addresses, whose names a dot joins. */
export interface Column {
  name: string;
  member: string;
  /** The member of the address. */
  part?: string;
  required: boolean;
  nullable: boolean;
}

/** The members of a customer that belong to the service. An import passes over them, so that it can read an export. */
export const SERVER_MEMBERS: readonly string[] = ['id', 'seller_id', 'source', 'created_at', 'updated_at'];

export const COLUMNS: readonly Column[] = [...fieldsOf(CreateCustomerDto)].flatMap(
  ([member, { nested, required, nullable }]) =>
    nested
      ? [...fieldsOf(nested)].map(([part, { nullable }]) => ({
          ...{ name: `${member}.${part}`, member, part },
          ...{ required: false, nullable },
        }))
      : [{ name: member, member, required, nullable }],
);

/** Names the customer, rather than being written. */
export const ID: Column = { name: 'id', member: 'id', required: false, nullable: false };
