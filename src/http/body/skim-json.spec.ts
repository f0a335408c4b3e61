import fc from 'fast-check';
import { countValues, omittedMembersOf, skimJson } from './skim-json';

const KNOWN = new Set(['id', 'email', 'address_data', 'city', 'customers', 'scopes']);
const skim = (text: string) => skimJson(Buffer.from(text), 0, KNOWN);
const isJson = (text: string, parse: (text: string) => unknown) => {
  try {
    parse(text);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError);
    return false;
  }
};

describe('skimJson', () => {
  const scalar = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
  const address = fc.record({ city: scalar }, { requiredKeys: [] });
  const item = fc.record({ id: scalar, email: scalar, address_data: address }, { requiredKeys: [] });
  const bulk = fc.record({ customers: fc.array(item, { maxLength: 100 }), scopes: fc.array(scalar), id: scalar });

  it('makes of what a route may allow the same as JSON.parse', () => {
    fc.assert(
      fc.property(bulk, fc.constantFrom(undefined, 1, '\t\r\n '), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(skim(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('refuses what JSON.parse refuses, and nothing else', () => {
    const damage = fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.constantFrom(...'{}[],:"\\0-.eEu+tn \u0001\ufeff'));
    fc.assert(
      fc.property(fc.json(), fc.array(damage, { maxLength: 3 }), (json, damages) => {
        const text = damages.reduce((text, [at, length, letter]) => {
          const place = at % (text.length + 1);
          return text.slice(0, place) + letter + text.slice(place + length);
        }, json);
        expect(isJson(text, skim)).toBe(isJson(text, JSON.parse));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '',
    ' ',
    '01',
    '-',
    '1.',
    '.5',
    '1e',
    '1e+',
    '+1',
    'tru',
    'nulll',
    '"\\x"',
    '"\\u12g4"',
    '"a',
    '[1,]',
    '{"a":1,}',
    '{"a"}',
    '{a:1}',
    '[1}',
    '{"a":1]',
    '[]]',
    '1 2',
    '"\n"',
  ])('refuses %j', (text) => {
    expect(isJson(text, JSON.parse)).toBe(false);
    expect(isJson(text, skim)).toBe(false);
    expect(isJson(`{"x":${text}}`, skim)).toBe(false);
  });

  it('knows a name with escapes, and one that is like it', () => {
    expect(skim('{"\\u0065mail":1,"emai\\u006C":2,"emails":3}')).toEqual({ email: 2, emails: null });
  });

  it('keeps 100 unknown members and the number of the others', () => {
    const names = Array.from({ length: 300 }, (_, i) => `m${i}`);
    const members = names.map((name) => `"${name}":{"a":[1]}`).join();
    const value = skim(`{${members},"email":"a","address_data":{"x":1,"y":2,"city":3}}`) as Record<string, object>;
    expect(Object.keys(value)).toEqual([...names.slice(0, 100), 'email', 'address_data']);
    expect(omittedMembersOf(value)).toBe(200);
    expect(value.address_data).toEqual({ x: null, city: 3 });
    expect(omittedMembersOf(value.address_data as object)).toBe(1);
  });

  it('keeps a list that is too long one item too long, and no more', () => {
    expect(skim(`{"customers":[${'{"id":1},'.repeat(5000)}{}]}`)).toEqual({ customers: Array(101).fill({ id: 1 }) });
  });

  it('makes a member of __proto__', () => {
    const value = skim('{"__proto__":{"city":1},"id":1}') as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(['__proto__', 'id']);
  });

  it('passes over any depth', () => {
    const deep = 200_000;
    expect(skim(`{"id":${'[{"a":'.repeat(deep)}1${'}]'.repeat(deep)}}`)).toEqual({ id: [{ a: null }] });
    expect(isJson('[{"a":'.repeat(deep), skim)).toBe(false);
  });
});

describe('countValues', () => {
  it.each([
    ['{}', 2],
    ['[1,2,3]', 4],
    ['{"a,[{":"\\",\\\\","b":[{}]}', 5],
    ['"unclosed, ,', 1],
  ])('finds at most %j: %d', (text, count) => expect(countValues(Buffer.from(text))).toBe(count));
});
