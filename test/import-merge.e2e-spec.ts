import * as fc from 'fast-check';
import { CustomersService } from '../src/customers/customers.service';
import type { UpdateCustomerDto } from '../src/customers/dto/update-customer.dto';
import { merge } from '../src/customers/merge';
import { makeAccount } from './support/factories';
import { useService } from './support/service';

const text = fc.constantFrom('A', 'B');
const textOrNull = fc.option(text);
const address = fc.option(
  fc.record(
    { street: textOrNull, city: textOrNull, postal_code: textOrNull, country: textOrNull },
    { requiredKeys: [] },
  ),
);
const change: fc.Arbitrary<UpdateCustomerDto> = fc.record(
  {
    first_name: text,
    last_name: text,
    company_name: textOrNull,
    legal_entity: textOrNull,
    language: fc.constantFrom('en', 'de', null),
    status: fc.constantFrom('active', 'inactive'),
    address_data: address,
    postal_redirect_address: address,
  },
  { requiredKeys: [] },
);

describe('The merge of an import', () => {
  const service = useService();

  it('does what a PATCH does', async () => {
    const account = await makeAccount(service);
    const customers = service.app.get(CustomersService);
    const { id } = await account.makeCustomer();
    await fc.assert(
      fc.asyncProperty(change, async (patch) => {
        const before = await customers.get(account.seller.id, id);
        const after = await customers.update(account.seller.id, id, patch);
        const { next, differs } = merge(before, patch);
        expect(next).toEqual({ ...after, version: before.version, updated_at: before.updated_at });
        expect(after.version - before.version).toBe(differs ? 1 : 0);
      }),
      { numRuns: 300 },
    );
  });
});
