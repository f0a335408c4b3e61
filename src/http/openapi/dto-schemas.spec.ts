import type { OpenAPIObject } from '@nestjs/swagger';
import { IsDate } from 'class-validator';
import { Outer, Strict } from '../../../test/support/sample-dtos';
import * as rules from '../validation/decorators';
import { RequestDto } from '../validation/fields';
import { closeSchemas, describeDtos } from './dto-schemas';

@RequestDto()
class Query {
  @rules.Optional()
  @rules.ToDate()
  @IsDate()
  since?: Date;

  @rules.Optional()
  @rules.IsCursor(() => undefined)
  cursor?: string;

  @rules.Optional()
  @rules.IsListOf(['a', 'b.c'])
  list?: string[];
}

const ITEM = { type: 'object', additionalProperties: false };

describe('The schema of a class', () => {
  beforeAll(describeDtos);

  it.each<[{ prototype: object }, string, object]>([
    [Outer, 'email', { type: 'string', format: 'email', nullable: false, required: false }],
    [Strict, 'email', { type: 'string', format: 'email', nullable: false, required: true }],
    [Outer, 'letter', { type: 'string', enum: ['x', 'y', null], nullable: true, required: false }],
    [Outer, 'sure', { type: 'string', enum: ['x', 'y'], nullable: false, required: false }],
    [Outer, 'flag', { type: 'boolean', nullable: false, required: false }],
    [Outer, 'at', { type: 'string', format: 'date-time', nullable: false, required: false }],
    [
      Outer,
      'inner',
      {
        ...ITEM,
        properties: {
          'a/b': { type: 'string', minLength: 1, maxLength: 3, pattern: String.raw`\S`, nullable: true },
          count: { type: 'integer', minimum: 1, maximum: 3, nullable: false },
        },
        required: ['count'],
        nullable: true,
        selfRequired: false,
      },
    ],
    [
      Outer,
      'texts',
      {
        type: 'array',
        items: { type: 'string', enum: ['a', 'b'] },
        uniqueItems: true,
        nullable: false,
        required: false,
      },
    ],
    [Query, 'since', { type: 'string', format: 'date-time', nullable: false, required: false }],
    [Query, 'cursor', { type: 'string', nullable: false, required: false }],
    [Query, 'list', { type: 'string', pattern: String.raw`^(a|b\.c)(,(a|b\.c))*$`, nullable: false, required: false }],
  ])('says what the decorators say: %p, %s', ({ prototype }, name, schema) => {
    const published = Reflect.getMetadata('swagger/apiModelProperties', prototype, name);
    expect(JSON.parse(JSON.stringify(published))).toEqual({ ...schema, isArray: false });
  });

  it('says of a list of objects what each may hold, by the class that checks them later', () => {
    const parts = Reflect.getMetadata('swagger/apiModelProperties', Outer.prototype, 'parts');
    expect(parts).toMatchObject({ type: 'array', minItems: 1, maxItems: 3, items: { required: ['count'] } });
    expect(parts).not.toHaveProperty('uniqueItems');
  });

  it('is closed', () => {
    const schemas = { Outer: {}, Query: {}, Other: {} };
    closeSchemas({ components: { schemas } } as unknown as OpenAPIObject);
    expect(schemas).toEqual({
      Outer: { additionalProperties: false, minProperties: 2 },
      Query: { additionalProperties: false },
      Other: {},
    });
  });
});
