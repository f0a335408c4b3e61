import { useServiceWithDatabase } from '../../support/database';
import { makeAccount } from '../../support/factories';
import { importRecords, storedCustomers } from '../../support/import';

describe('An import of which the database refuses some lines', () => {
  const service = useServiceWithDatabase();

  it('leaves out those, and writes the others', async () => {
    const account = await makeAccount(service);
    await account.sql(`ALTER TABLE customers ADD CONSTRAINT no_bob CHECK (first_name <> 'Bob')`);
    const names = ['Ann', 'Bob', 'Cas', 'Dan', 'Eva', 'Bob', 'Fay'];
    const records = names.map((first_name, i) => ({ first_name, last_name: 'Doe', email: `${i}@d.example` }));
    const sentence = 'the database refuses it: new row for relation "customers" violates check constraint "no_bob"';
    expect(await importRecords(account, records)).toEqual({
      ...{ created: 5, updated: 0, unchanged: 0, failed: 2 },
      report: [`Line 2: ${sentence}.`, `Line 6: ${sentence}.`],
    });
    expect((await storedCustomers(account)).map(({ first_name }) => first_name)).toEqual([
      ...['Ann', 'Cas', 'Dan', 'Eva', 'Fay'],
    ]);
  });
});
