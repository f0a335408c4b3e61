import { type Account, makeAccount } from '../../support/factories';
import { exportText, importText, storedCustomers } from '../../support/import';
import { useService } from '../../support/service';

const NOBODY = '550e8400-e29b-41d4-a716-446655440000';

describe('An import of an edited export', () => {
  const service = useService();
  let account: Account;
  beforeEach(async () => void (account = await makeAccount(service)));

  async function edited(from: string, to: string): Promise<string> {
    return (await exportText(account, 'csv')).replace(from, to);
  }

  it('says so where the email of a customer was changed, and makes no second one', async () => {
    await account.makeCustomer({ email: 'a@d.example' });
    await account.makeCustomer({ email: 'b@d.example' });
    const before = await storedCustomers(account);
    for (const dryRun of [true, false]) {
      const text = await edited('a@d.example', 'new@d.example');
      const sentence =
        'Line 2: its id is that of the customer with the email "a@d.example"; to change the email, add --match id.';
      const outcome = { created: 0, updated: 0, unchanged: 1, failed: 1, report: [sentence] };
      expect(await importText(account, 'csv', text, { dryRun })).toEqual(outcome);
      // The same where the new email is that of somebody else: that one is not changed.
      expect(await importText(account, 'csv', await edited('a@d.example', 'B@d.example'), { dryRun })).toEqual(outcome);
    }
    expect(await storedCustomers(account)).toEqual(before);
  });

  it('changes the email where customers are matched by id', async () => {
    const { id } = await account.makeCustomer({ email: 'a@d.example', company_name: 'Acme' });
    const text = await edited('a@d.example', 'new@d.example');
    const dry = await importText(account, 'csv', text, { match: 'id', dryRun: true });
    expect(await account.row(id)).toMatchObject({ email: 'a@d.example', version: 1 });
    expect(await importText(account, 'csv', text, { match: 'id' })).toEqual(dry);
    expect(dry).toMatchObject({ created: 0, updated: 1, failed: 0 });
    expect(await account.row(id)).toMatchObject({ email: 'new@d.example', company_name: 'Acme', version: 2 });
    expect(await importText(account, 'csv', text, { match: 'id' })).toMatchObject({ updated: 0, unchanged: 1 });
    const { body } = await account.call('GET', `/api/customers/${id}/history`);
    expect(body.data[0]).toMatchObject({
      version: 2,
      actor: { type: 'cli' },
      changes: { email: { new: 'new@d.example' } },
    });
  });

  it('takes some members alone where customers are matched by id, and reports the lines of unknown ones', async () => {
    const [one, other] = [await account.makeCustomer(), await account.makeCustomer()];
    const stranger = await (await makeAccount(service)).makeCustomer();
    const lines = [
      'ID,company_name',
      `${one.id.toUpperCase()},Acme`,
      `${stranger.id},Acme`,
      `${NOBODY},Acme`,
      'x,Acme',
      ',Acme',
      `${other.id}`,
    ];
    for (const dryRun of [true, false]) {
      expect(await importText(account, 'csv', lines.join('\n'), { match: 'id', dryRun })).toEqual({
        ...{ created: 0, updated: 1, unchanged: 0, failed: 5 },
        report: [
          'Line 3: the seller has no customer with this id.',
          'Line 4: the seller has no customer with this id.',
          'Line 5: id is not a UUID: "x".',
          'Line 6: id is missing.',
          'Line 7: it has nothing to change.',
        ],
      });
    }
    expect(await account.row(one.id)).toMatchObject({ company_name: 'Acme', version: 2 });
    const required = importText(account, 'csv', 'email,company_name\na@d.example,x', { match: 'id' });
    await expect(required).rejects.toThrow(/^Missing columns: "id"\.$/);
  });

  it('applies lines in their order: an email is free once an earlier line has given it up', async () => {
    const made: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) made.push((await account.makeCustomer({ email: `${name}@d.example` })).id);
    const line = (i: number, email: string) => `${made[i]},${email}@d.example`;
    // b gets out of the way of a, d wants what c keeps until the next line, and nobody gets the email of somebody else.
    const lines = ['id,email', line(1, 'new'), line(0, 'b'), line(3, 'c'), line(2, 'other'), line(3, 'new')];
    for (const dryRun of [true, false]) {
      expect(await importText(account, 'csv', lines.join('\n'), { match: 'id', dryRun })).toMatchObject({
        updated: 3,
        report: ['Line 4: another customer has this email.', 'Line 6: another customer has this email.'],
      });
    }
    const emails = (await storedCustomers(account)).map(({ email }) => email);
    expect(emails).toEqual(['b@d.example', 'new@d.example', 'other@d.example', 'd@d.example']);
  });
});
