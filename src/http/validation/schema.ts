import type { Type } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { type Field, fieldsOf, optionsOf, requestDtos } from './fields';
import { RULES } from './rules';

/** The metadata key under which `@ApiProperty()` keeps its options. `docs.e2e-spec.ts` fails when it is kept elsewhere. */
const API_PROPERTIES = 'swagger/apiModelProperties';

/** Tells Nest's OpenAPI module what the decorators of class-validator say, so that no DTO has to say it twice. */
export function describeDtos(): void {
  for (const type of requestDtos()) {
    for (const [name, field] of fieldsOf(type)) {
      const { required, nullable } = field;
      // What `required` means depends on whether a schema is written in place.
      const options = { ...schemaOf(field), nullable, ...(field.nested ? { selfRequired: required } : { required }) };
      ApiProperty(options as ApiPropertyOptions)(type.prototype as object, name);
    }
  }
}

/** The keywords that close an object of a DTO class: what `validate` enforces beside the fields' own rules. */
export function closingKeywords(type: Type<object>): object {
  const { minProperties } = optionsOf(type);
  return { additionalProperties: false, ...(minProperties && { minProperties }) };
}

function schemaOf({ checks, itemChecks, listChecks, nested, nullable }: Field): object {
  const keywords = [...checks, ...listChecks].map(({ rule, args }) => rule.schema?.(args, nullable));
  const ofItems = itemChecks.map(({ rule, args }) => rule.schema?.(args, false));
  const isList = checks.some(({ rule }) => rule === RULES.isArray);
  const inside = nested ? objectSchema(optionsOf(nested).partOf ?? nested) : Object.assign({}, ...ofItems);
  return Object.assign({}, ...keywords, isList ? { items: inside } : inside);
}

/** A nested DTO is written in place, so that "object or null" stays one `type` keyword. */
function objectSchema(type: Type<object>): object {
  const fields = [...fieldsOf(type)];
  const properties = fields.map(([name, field]) => {
    const { description, example } = Reflect.getMetadata(API_PROPERTIES, type.prototype as object, name);
    return [name, { ...schemaOf(field), description, example, nullable: field.nullable }];
  });
  const required = fields.filter(([, field]) => field.required).map(([name]) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...closingKeywords(type),
    ...(required.length > 0 && { required }),
  };
}
