import { merge, type Members } from './merge';

describe('merge', () => {
  const current: Members = Object.freeze({
    first_name: 'Jane',
    last_name: 'Doe',
    email: 'jane@example.com',
    company_name: 'Acme',
    legal_entity: null,
    language: 'de' as const,
    status: 'active' as const,
    address_data: Object.freeze({ city: 'Bonn', country: 'Germany' }),
    postal_redirect_address: null,
  });

  it.each([
    [{}],
    [{ first_name: 'Jane', company_name: 'Acme', legal_entity: null }],
    [{ first_name: undefined, address_data: undefined }],
    [{ address_data: {} }],
    [{ address_data: { country: 'Germany', city: 'Bonn', street: null } }],
    [{ address_data: { city: undefined } }],
    [{ postal_redirect_address: null }],
    [{ postal_redirect_address: {} }],
    [{ postal_redirect_address: { city: null } }],
  ])('finds no difference in %j', (patch) => {
    expect(merge(current, patch)).toEqual({ next: current, differs: false });
  });

  it.each([
    [{ first_name: 'jane' }, { first_name: 'jane' }],
    [{ email: 'Jane@example.com' }, { email: 'Jane@example.com' }],
    [{ company_name: null }, { company_name: null }],
    [
      { language: null, status: 'inactive' as const },
      { language: null, status: 'inactive' },
    ],
    [{ address_data: { city: 'Köln' } }, { address_data: { city: 'Köln', country: 'Germany' } }],
    [{ address_data: { city: null } }, { address_data: { country: 'Germany' } }],
    [{ address_data: { city: null, country: null } }, { address_data: null }],
    [{ address_data: null }, { address_data: null }],
    [{ postal_redirect_address: { city: 'Bonn', street: null } }, { postal_redirect_address: { city: 'Bonn' } }],
  ])('merges %j', (patch, changed) => {
    expect(merge(current, patch)).toEqual({ next: { ...current, ...changed }, differs: true });
  });

  it('carries along what no change can touch', () => {
    const row = { ...current, id: '1', version: 7 };
    expect(merge(row, { last_name: 'Roe' }).next).toEqual({ ...row, last_name: 'Roe' });
  });
});
