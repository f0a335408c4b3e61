import fc from 'fast-check';
import { type CustomerFields, FIELD_NAMES } from './customer.fields';
import { changesBetween, fieldsOf, isEmpty, merge, newCustomer, orderedAddress } from './merge';

const current: CustomerFields = Object.freeze({
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

const text = fc.string({ minLength: 1, maxLength: 5 });
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const address = fc.record(
  { street: orNull(text), city: orNull(text), postal_code: orNull(text), country: orNull(text) },
  { requiredKeys: [] },
);
const patches = fc.record(
  {
    first_name: text,
    last_name: text,
    email: text,
    company_name: orNull(text),
    legal_entity: orNull(text),
    language: orNull(fc.constantFrom('en' as const, 'de' as const)),
    status: fc.constantFrom('active' as const, 'inactive' as const, 'suspended' as const),
    address_data: orNull(address),
    postal_redirect_address: orNull(address),
  },
  { requiredKeys: [] },
);

describe('merge', () => {
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
  ])('changes nothing with %j', (patch) => {
    const next = merge(current, patch);
    expect(next).toEqual(current);
    expect(changesBetween(current, next)).toEqual({});
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
    expect(merge(current, patch)).toEqual({ ...current, ...changed });
  });

  it('carries along what no change can touch', () => {
    const row = { ...current, id: '1', version: 7 };
    expect(merge(row, { last_name: 'Roe' })).toEqual({ ...row, last_name: 'Roe' });
  });

  it('leaves what a patch does not name, sets what it names, and does so once', () => {
    fc.assert(
      fc.property(patches, patches, (first, second) => {
        const before = merge(current, first);
        const after = merge(before, second);
        for (const name of FIELD_NAMES) {
          const value = second[name];
          if (value === undefined) expect(after[name]).toEqual(before[name]);
          else if (value === null || typeof value === 'string') expect(after[name]).toBe(value);
        }
        expect(merge(after, second)).toEqual(after);
        expect(isEmpty(changesBetween(after, merge(after, second)))).toBe(true);
      }),
    );
  });

  it('never leaves an address empty, or a null in one', () => {
    fc.assert(
      fc.property(patches, patches, (first, second) => {
        const { address_data, postal_redirect_address } = merge(merge(current, first), second);
        for (const result of [address_data, postal_redirect_address]) {
          if (result === null) continue;
          const values = Object.values(result).filter((value) => value !== undefined);
          expect(values.length).toBeGreaterThan(0);
          expect(values).not.toContain(null);
        }
      }),
    );
  });
});

describe('changesBetween', () => {
  it('is the way from one version to the next, and back', () => {
    fc.assert(
      fc.property(patches, patches, (first, second) => {
        const before = merge(current, first);
        const after = merge(before, second);
        const changes = Object.entries(changesBetween(before, after));
        const forth = Object.fromEntries(changes.map(([member, change]) => [member, change.new]));
        const back = Object.fromEntries(changes.map(([member, change]) => [member, change.old]));
        expect({ ...before, ...forth }).toEqual(after);
        expect({ ...after, ...back }).toEqual(before);
      }),
    );
  });

  it('names everything that a new customer has, in the order of the fields', () => {
    const changes = changesBetween(undefined, current);
    expect(Object.keys(changes)).toEqual(FIELD_NAMES.filter((name) => current[name] !== null));
    expect(changes.address_data).toEqual({ old: null, new: { city: 'Bonn', country: 'Germany' } });
  });
});

describe('Addresses', () => {
  const stored = { country: 'Germany', street: 'Weg 1', city: 'Bonn' };
  const ordered = '{"street":"Weg 1","city":"Bonn","country":"Germany"}';

  it('have the order of their fields, however they are stored', () => {
    expect(JSON.stringify(orderedAddress(stored))).toBe(ordered);
    expect(orderedAddress(null)).toBeNull();
    const row = { ...current, address_data: stored, id: 'not a field' };
    expect(JSON.stringify(fieldsOf(row))).toBe(JSON.stringify({ ...current, address_data: JSON.parse(ordered) }));
    const { address_data } = changesBetween({ ...current, address_data: null }, row);
    expect(JSON.stringify(address_data)).toBe(`{"old":null,"new":${ordered}}`);
  });

  it('differ when one of their fields does, or one of them is not there', () => {
    const with_ = (address_data: object | null) => ({ ...current, address_data });
    expect(changesBetween(with_(stored), with_({ ...stored }))).toEqual({});
    for (const other of [null, { ...stored, city: 'Köln' }, { ...stored, postal_code: '1' }]) {
      expect(changesBetween(with_(stored), with_(other))).toMatchObject({ address_data: {} });
      expect(changesBetween(with_(other), with_(stored))).toMatchObject({ address_data: {} });
    }
  });
});

describe('A new customer', () => {
  it('is at version 1, with the defaults of what was not sent', () => {
    const values = { first_name: 'Ann', last_name: 'Doe', email: 'ann@example.com', company_name: 'Acme' };
    const { id, created_at, updated_at, ...rest } = newCustomer('seller', values, 'api');
    expect(rest).toEqual({
      ...{ ...values, seller_id: 'seller', version: 1, source: 'api', status: 'active' },
      ...{ legal_entity: null, language: 'de', address_data: null, postal_redirect_address: null },
    });
    expect(id).toMatch(/^[0-9a-f-]{14}7/);
    expect(updated_at).toBe(created_at);
  });
});
