import { IsString } from 'class-validator';
import { Inner, Outer, problem, Strict, violations } from '../../../test/support/sample-dtos';
import { RequestDto } from './fields';
import { isObject, validate } from './validate';

const inOuter = (value: object) => violations(() => validate(Outer, { ...value, flag: true, own: 'own' }));

describe('A body', () => {
  it('becomes an instance of its class, with values and items of lists as they are', () => {
    const sent = {
      email: 'a@b.c',
      letter: null,
      inner: { 'a/b': '𝄞𝄞𝄞', count: 3 },
      parts: [{ id: '550e8400-e29b-41d4-a716-446655440000', unknown: 1 }, {}],
      texts: ['b', 'a'],
      at: '9999-01-01T00:00:00Z',
    };
    const dto = validate(Outer, sent);
    expect(dto).toEqual(sent);
    expect([dto, dto.inner, dto.parts?.[0]].map((value) => value?.constructor)).toEqual([Outer, Inner, Object]);
  });

  it.each<[unknown]>([[null], [[]], ['text'], [5], [undefined]])('that is %j must be an object', (value) => {
    expect(violations(() => validate(Outer, value))).toEqual([['', 'type', 'body must be object']]);
  });

  it.each<[object, ...unknown[]]>([
    [{ email: 5 }, '/email', 'type', 'body/email must be string'],
    [{ email: null }, '/email', 'type', 'body/email must be string'],
    [{ email: 'a' }, '/email', 'format', 'body/email must match format "email"'],
    [{ letter: 'z' }, '/letter', 'enum', 'body/letter must be equal to one of the allowed values', ['x', 'y', null]],
    [{ sure: 'z' }, '/sure', 'enum', 'body/sure must be equal to one of the allowed values', ['x', 'y']],
    [{ flag: 'true' }, '/flag', 'type', 'body/flag must be boolean'],
    [{ at: 'now' }, '/at', 'format', 'body/at must match format "date-time"'],
    [{ at: '2020-01-01T00:00:00Z' }, '/at', 'future', 'body/at must be in the future'],
    [{ inner: 'x' }, '/inner', 'type', 'body/inner must be object,null'],
    [{ inner: [] }, '/inner', 'type', 'body/inner must be object,null'],
    [{ inner: {} }, '/inner/count', 'required', "body/inner must have required property 'count'"],
    [{ inner: { count: '1' } }, '/inner/count', 'type', 'body/inner/count must be integer'],
    [{ inner: { count: 1.5 } }, '/inner/count', 'type', 'body/inner/count must be integer'],
    [{ inner: { count: 0 } }, '/inner/count', 'minimum', 'body/inner/count must be >= 1', 1],
    [{ inner: { count: 4 } }, '/inner/count', 'maximum', 'body/inner/count must be <= 3', 3],
    [{ inner: { count: 1, 'a/b': 5 } }, '/inner/a~1b', 'type', 'body/inner/a/b must be string,null'],
    [
      { inner: { count: 1, 'a/b': '𝄞xyz' } },
      '/inner/a~1b',
      'max_length',
      'body/inner/a/b must NOT have more than 3 characters',
      3,
    ],
    [{ inner: { count: 1, 'a/b': ' ' } }, '/inner/a~1b', 'pattern', 'body/inner/a/b must match pattern "\\S"'],
    [{ inner: { count: 1, 'a/b': '\0x' } }, '/inner/a~1b', 'well_formed', 'body/inner/a/b must be well-formed text'],
    [
      { inner: { count: 1, '~/': 1 } },
      '/inner/~0~1',
      'additional_property',
      'body/inner must NOT have additional properties',
    ],
    [
      { inner: { count: 1, cuont: 1 } },
      '/inner/cuont',
      'additional_property',
      'body/inner must NOT have additional properties',
      'count',
    ],
    [{ parts: {} }, '/parts', 'type', 'body/parts must be array'],
    [{ parts: [] }, '/parts', 'min_items', 'body/parts must NOT have fewer than 1 items', 1],
    [{ parts: [{}, {}, {}, {}] }, '/parts', 'max_items', 'body/parts must NOT have more than 3 items', 3],
    [{ parts: [{}, 5] }, '/parts/1', 'type', 'body/parts/1 must be object'],
    [{ parts: [{}, { id: 'x' }] }, '/parts/1/id', 'format', 'body/parts/1/id must match format "uuid"'],
    [{ texts: ['a', 5] }, '/texts/1', 'type', 'body/texts/1 must be string'],
    [{ texts: ['c'] }, '/texts/0', 'enum', 'body/texts/0 must be equal to one of the allowed values', ['a', 'b']],
    [
      { texts: ['a', 'b', 'a', 'b', 'a'] },
      '/texts',
      'unique_items',
      'body/texts must NOT have duplicate items (items ## 4 and 2 are identical)',
    ],
    [
      { texts: ['a', 'a'] },
      '/texts',
      'unique_items',
      'body/texts must NOT have duplicate items (items ## 1 and 0 are identical)',
    ],
    [{ own: 'else' }, '/own', 'own', 'body/own must be own'],
    [
      { __proto__: null, constructor: 1 },
      '/constructor',
      'additional_property',
      'body must NOT have additional properties',
    ],
  ])('with %j is refused', (value, ...violation) => {
    const base = 'flag' in value ? { own: 'own' } : { flag: true };
    expect(violations(() => validate(Outer, { ...base, email: 'a@b.c', ...value }))).toEqual([violation]);
  });

  it('has the same text twice only where it is a text', () => {
    expect(inOuter({ texts: [5, 5] }).map(([pointer]) => pointer)).toEqual(['/texts/0', '/texts/1']);
  });

  it('has different ids, whatever their letter case', () => {
    const id = '550e8400-e29b-41d4-a716-446655440000';
    const refused = ['/parts', 'unique_items', 'body/parts must NOT have duplicate items'];
    expect(inOuter({ parts: [{ id }, { id: id.toUpperCase() }] })).toEqual([refused]);
    expect(inOuter({ parts: [{}, null, {}] })).toEqual([['/parts/1', 'type', 'body/parts/1 must be object']]);
    expect(inOuter({ parts: [{ id: 5 }, { id: 5 }] }).map(([pointer]) => pointer)).toEqual([
      '/parts/0/id',
      '/parts/1/id',
    ]);
  });

  it('reports all that is wrong: the object, what is missing, what is unknown, then fields in their order', () => {
    expect(violations(() => validate(Strict, { own: 1, zzzzzzzz: 1, flag: 1 }))).toEqual([
      ['/email', 'required', "body must have required property 'email'"],
      ['/zzzzzzzz', 'additional_property', 'body must NOT have additional properties'],
      ['/flag', 'type', 'body/flag must be boolean'],
      ['/own', 'own', 'body/own must be own'],
    ]);
    expect(violations(() => validate(Outer, { texts: [7, 'c', 'a', 'a'] }))).toEqual([
      ['', 'min_properties', 'body must NOT have fewer than 2 properties', 2],
      ['/texts/0', 'type', 'body/texts/0 must be string'],
      ['/texts/1', 'enum', 'body/texts/1 must be equal to one of the allowed values', ['a', 'b']],
      ['/texts', 'unique_items', 'body/texts must NOT have duplicate items (items ## 3 and 2 are identical)'],
    ]);
    expect(inOuter({ inner: { 'a/b': '    ', count: 1 } }).map(([, code]) => code)).toEqual(['max_length', 'pattern']);
    expect(inOuter({ inner: { 'a/b': '', count: 1 } }).map(([, code]) => code)).toEqual(['min_length', 'pattern']);
  });

  it('takes an undefined member for an absent one, but in the count of members', () => {
    expect(violations(() => validate(Outer, { email: undefined, flag: undefined }))).toEqual([]);
  });

  it('requires in a subclass what is optional in the class itself', () => {
    expect(violations(() => validate(Strict, {}))).toEqual([
      ['/email', 'required', "body must have required property 'email'"],
    ]);
    expect(violations(() => validate(Strict, { email: 'a' }))).toEqual([
      ['/email', 'format', 'body/email must match format "email"'],
    ]);
  });

  it('has the fields of a class before those that a subclass adds', () => {
    @RequestDto()
    class Longer extends Inner {
      @IsString()
      own!: string;
    }
    expect(violations(() => validate(Longer, {})).map(([pointer]) => pointer)).toEqual(['/count', '/own']);
  });

  it('has a hundred violations listed, and the others counted', () => {
    const unknown = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`field ${i}`, i]));
    const { errors, errors_omitted } = problem(() => validate(Outer, unknown));
    expect([errors.length, errors.at(-1)?.pointer, errors_omitted]).toEqual([100, '/field 99', 50]);
    expect(problem(() => validate(Outer, { email: 1 })).errors_omitted).toBeUndefined();
  });

  it('may be a part of another: its place is then where that one is', () => {
    expect(violations(() => validate(Inner, { count: 9 }, ['body', 'list', '0']))).toEqual([
      ['/list/0/count', 'maximum', 'body/list/0/count must be <= 3', 3],
    ]);
  });
});

describe('isObject', () => {
  it.each([
    [{}, true],
    [Object.create(null), true],
    [[], false],
    [null, false],
    ['x', false],
  ])('takes %j for %s', (value, expected) => {
    expect(isObject(value)).toBe(expected);
  });
});
