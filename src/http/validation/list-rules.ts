import { ArrayMaxSize, ArrayMinSize, IsArray } from 'class-validator';
import { member, type MemberOptions, rule } from './member';
import type { ItemFault } from './members';
import { typeMessage } from './rules';

type SetOptions = MemberOptions & { default?: readonly string[] };

/** A list of different strings out of a few, one at least. */
export function SetOf(allowed: readonly string[], options: SetOptions): PropertyDecorator {
  const max = allowed.length;
  return member(
    { ...options, itemFaults: (list) => [...brokenItems(list, allowed), ...duplicates(list)] },
    { type: 'array', items: { type: 'string', enum: allowed }, minItems: 1, maxItems: max, uniqueItems: true },
    IsArray(rule(typeMessage('array', options.nullable), { code: 'type' })),
    ArrayMaxSize(max, rule(`must NOT have more than ${max} items`, { code: 'max_items', limit: max })),
    ArrayMinSize(1, rule('must NOT have fewer than 1 items', { code: 'min_items', limit: 1 })),
  );
}

function brokenItems(list: unknown[], allowed: readonly string[]): ItemFault[] {
  return list.flatMap((item, index): ItemFault[] => {
    if (typeof item !== 'string') return [{ index, code: 'type', message: typeMessage('string') }];
    if (allowed.includes(item)) return [];
    return [{ index, code: 'enum', message: 'must be equal to one of the allowed values', allowed }];
  });
}

/** Looks from the end for the first string that is there twice, and names the two as ajv does. */
function duplicates(list: unknown[]): ItemFault[] {
  const index = list.findLastIndex((item, i) => typeof item === 'string' && list.lastIndexOf(item) > i);
  if (index < 0) return [];
  const pair = `items ## ${list.lastIndexOf(list[index])} and ${index} are identical`;
  return [{ code: 'unique_items', message: `must NOT have duplicate items (${pair})` }];
}
