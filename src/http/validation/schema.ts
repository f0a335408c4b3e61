import type { Type } from '@nestjs/common';
import { membersOf, minPropertiesOf } from './members';

/** The JSON Schema keywords that close an object of a DTO class: what `validate` enforces beyond the members' own rules. */
export function closingKeywords(type: Type<object>): object {
  const minProperties = minPropertiesOf(type);
  return { additionalProperties: false, ...(minProperties > 0 && { minProperties }) };
}

/** The schema of a nested DTO class, written in place so that "object or null" stays one `type` keyword. */
export function objectSchema(type: Type<object>) {
  const members = [...membersOf(type)];
  const properties = members.map(([name, { schema }]) => [name, schema]);
  const required = members.filter(([, member]) => member.required).map(([name]) => name);
  return {
    type: 'object' as const,
    properties: Object.fromEntries(properties),
    ...closingKeywords(type),
    ...(required.length > 0 && { required }),
  };
}
