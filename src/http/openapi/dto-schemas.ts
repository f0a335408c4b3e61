import type { Type } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions, type OpenAPIObject } from '@nestjs/swagger';
import { type Field, fieldsOf, optionsOf, requestDtos } from '../validation/fields';

/** The metadata key under which `@ApiProperty()` keeps its options. `docs.e2e-spec.ts` fails when it is kept elsewhere. */
const API_PROPERTIES = 'swagger/apiModelProperties';

/** Tells Nest's OpenAPI module what the decorators of class-validator say, so that no DTO has to say it twice. */
export function describeDtos(): void {
  for (const type of requestDtos()) {
    for (const [name, field] of fieldsOf(type)) {
      const { required, nullable } = field;
      // What `required` means depends on whether a schema is written in place.
      const isInPlace = field.nested ?? field.items?.nested;
      const options = { ...schemaOf(field), nullable, ...(isInPlace ? { selfRequired: required } : { required }) };
      ApiProperty(options as ApiPropertyOptions)(type.prototype as object, name);
    }
  }
}

/** What the pipe refuses beside the members' own rules. */
export function closeSchemas({ components }: OpenAPIObject): void {
  for (const type of requestDtos()) {
    const schema = components?.schemas?.[type.name];
    if (schema) Object.assign(schema, closingKeywords(type));
  }
}

function closingKeywords(type: Type<object>): object {
  const { minProperties } = optionsOf(type);
  return { additionalProperties: false, ...(minProperties && { minProperties }) };
}

function schemaOf({ checks, listChecks, items, nested }: Field): object {
  const keywords = [...checks, ...listChecks].map(({ schema }) => schema);
  const inside = nested && objectSchema(optionsOf(nested).partOf ?? nested);
  return Object.assign({}, ...keywords, items && { items: schemaOf(items) }, inside);
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
