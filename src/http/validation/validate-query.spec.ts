import { IsBoolean, IsDate, IsInt, IsString, ValidateBy } from 'class-validator';
import { Inner, Outer, Part, Strict, violations } from '../../../test/support/sample-dtos';
import * as rules from './decorators';
import { namesOfFields, RequestDto, requestDtos } from './fields';
import { validate, validateQuery } from './validate';

@RequestDto()
class Query {
  @rules.Optional()
  @rules.ToInteger()
  @IsInt()
  number?: number;

  @rules.Optional()
  @rules.ToBoolean()
  @IsBoolean()
  flag?: boolean;

  @rules.Optional()
  @rules.ToDate()
  @IsDate()
  since?: Date;

  @rules.Optional()
  @rules.ToLowerCase()
  @IsString()
  text?: string;

  @rules.Optional()
  @rules.IsCursor((text) => (text === '' ? undefined : { at: text }))
  cursor?: { at: string };

  @rules.Optional()
  @rules.IsListOf(['a', 'b.c'])
  list?: string[];
}

describe('A query', () => {
  it('becomes an instance of its class, with the values that its texts stand for', () => {
    const sent = { number: '-12', flag: 'true', since: '2024-01-15T10:30:00Z', text: 'ÄB', cursor: 'x', list: 'a,b.c' };
    const dto = validateQuery(Query, sent);
    expect(dto).toEqual({
      number: -12,
      flag: true,
      since: new Date(sent.since),
      text: 'äb',
      cursor: { at: 'x' },
      list: ['a', 'b.c'],
    });
    expect(dto).toBeInstanceOf(Query);
    expect(validateQuery(Query, { flag: 'false', list: 'a' })).toEqual({ flag: false, list: ['a'] });
    expect(validateQuery(Query, { number: '9'.repeat(400) }).number).toBe(Number.MAX_VALUE);
    expect(validateQuery(Query, { number: `-${'9'.repeat(400)}` }).number).toBe(-Number.MAX_VALUE);
    expect(validateQuery(Query, {})).toEqual({});
  });

  it.each<[object, ...unknown[]]>([
    [{ number: '1.5' }, '/querystring/number', 'type', 'querystring/number must be integer'],
    [{ number: '' }, '/querystring/number', 'type', 'querystring/number must be integer'],
    [{ number: ' 1' }, '/querystring/number', 'type', 'querystring/number must be integer'],
    [{ number: '1 ' }, '/querystring/number', 'type', 'querystring/number must be integer'],
    [{ number: ['1', '2'] }, '/querystring/number', 'type', 'querystring/number must be integer'],
    [{ flag: 'yes' }, '/querystring/flag', 'type', 'querystring/flag must be boolean'],
    [{ since: 'today' }, '/querystring/since', 'format', 'querystring/since must match format "date-time"'],
    [{ text: ['A', 'B'] }, '/querystring/text', 'type', 'querystring/text must be string'],
    [{ cursor: '' }, '/querystring/cursor', 'format', 'querystring/cursor must match format "cursor"'],
    [{ cursor: ['x', 'y'] }, '/querystring/cursor', 'format', 'querystring/cursor must match format "cursor"'],
    [
      { list: 'a,c' },
      '/querystring/list',
      'enum',
      'querystring/list must be equal to one of the allowed values',
      ['a', 'b.c'],
    ],
    [
      { list: '' },
      '/querystring/list',
      'enum',
      'querystring/list must be equal to one of the allowed values',
      ['a', 'b.c'],
    ],
    [
      { list: ['a', 'b.c'] },
      '/querystring/list',
      'enum',
      'querystring/list must be equal to one of the allowed values',
      ['a', 'b.c'],
    ],
    [
      { numbr: '1' },
      '/querystring/numbr',
      'additional_property',
      'querystring must NOT have additional properties',
      'number',
    ],
  ])('with %j is refused', (query, ...violation) => {
    expect(violations(() => validateQuery(Query, query))).toEqual([violation]);
  });
});

describe('The classes of requests', () => {
  it('are known, with the names of all their fields', () => {
    expect(requestDtos()).toEqual([Inner, Part, Outer, Strict, Query]);
    expect([...namesOfFields()].sort()).toEqual([
      'a/b',
      'at',
      'count',
      'cursor',
      'email',
      'flag',
      'id',
      'inner',
      'letter',
      'list',
      'number',
      'own',
      'parts',
      'since',
      'sure',
      'text',
      'texts',
    ]);
  });

  it('have a rule for each constraint', () => {
    class Unruled {
      @ValidateBy({ name: 'unruled', validator: { validate: () => true } })
      value!: string;
    }
    expect(() => validate(Unruled, {})).toThrow('There is no rule for the constraint unruled');
  });
});
