import type { Type } from '@nestjs/common';
import { ArrayMaxSize, ArrayMinSize, IsArray } from 'class-validator';
import { member, type MemberOptions, rule } from './member';
import type { ItemFault } from './members';
import { typeMessage } from './rules';
import { objectSchema } from './schema';
import { isUuid } from './uuid';
import { isObject } from './validate';

type ListOptions = MemberOptions & { max: number };

/**
 * A list of 1 to `max` objects with an `id` each, all different. That is all that is checked of them here: whoever takes
 * the list checks each object as a whole, since one that is wrong does not make the others wrong.
 */
export function ListOf(type: Type<object>, { max, ...options }: ListOptions): PropertyDecorator {
  return member(
    { ...options, itemFaults: (list) => [...list.flatMap(faultOf), ...duplicate(list)] },
    { type: 'array', items: objectSchema(type), minItems: 1, maxItems: max },
    IsArray(rule(typeMessage('array', options.nullable), { code: 'type' })),
    ArrayMaxSize(max, rule(`must NOT have more than ${max} items`, { code: 'max_items', limit: max })),
    ArrayMinSize(1, rule('must NOT have fewer than 1 items', { code: 'min_items', limit: 1 })),
  );
}

function faultOf(item: unknown, index: number): ItemFault[] {
  if (!isObject(item)) return [{ index, code: 'type', message: typeMessage('object') }];
  if (!Object.hasOwn(item, 'id'))
    return [{ index, member: 'id', code: 'required', message: "must have required property 'id'" }];
  const { id } = item;
  if (typeof id !== 'string') return [{ index, member: 'id', code: 'type', message: typeMessage('string') }];
  return isUuid(id) ? [] : [{ index, member: 'id', code: 'format', message: 'must match format "uuid"' }];
}

function duplicate(list: unknown[]): ItemFault[] {
  const ids = list.flatMap((item) => (isObject(item) && typeof item.id === 'string' ? [item.id.toLowerCase()] : []));
  const isTwice = new Set(ids).size < ids.length;
  return isTwice ? [{ code: 'unique_items', message: 'must NOT have duplicate items' }] : [];
}
