import type { Type } from '@nestjs/common';
import type { Violation } from './violation';

/** What a DTO class declares of one of its members, beside class-validator's rules. */
export interface Member {
  nullable: boolean;
  required: boolean;
  /** A class that has nothing but this member, with its rules. */
  alone: new () => object;
  /** Its JSON Schema, without "null" and "required". */
  schema: object;
  /** The class of a member that is itself an object with declared members. */
  nested?: Type<object>;
  /** What is wrong with the items of a list, if anything. */
  itemFaults?: (list: unknown[]) => ItemFault[];
}

/** A broken rule of one item of a list, or of a member of it or, without an index, of all items together. */
export type ItemFault = Omit<Violation, 'pointer'> & { index?: number; member?: string };

const declared = new Map<unknown, Map<string, Member>>();
const complete = new Map<unknown, ReadonlyMap<string, Member>>();
const minimums = new Map<unknown, number>();

/** Notes a member of a DTO; called by the decorators of `member.ts`. */
export function declareMember(prototype: object, name: string, member: Member): void {
  const members = declared.get(prototype.constructor) ?? new Map<string, Member>();
  declared.set(prototype.constructor, members.set(name, member));
}

/** The members of a DTO class in the order of their declaration, inherited ones in their base's place. */
export function membersOf(type: Type<object>): ReadonlyMap<string, Member> {
  const known = complete.get(type) ?? new Map([...inheritedBy(type), ...(declared.get(type) ?? [])]);
  complete.set(type, known);
  return known;
}

function inheritedBy(type: Type<object>): Iterable<[string, Member]> {
  const base = Object.getPrototypeOf(type) as Type<object>;
  return declared.has(base) ? membersOf(base) : [];
}

/** Says how many members an object of this class has to hold; 0 unless declared. Not inherited. */
export function MinProperties(count: number): ClassDecorator {
  return (type) => void minimums.set(type, count);
}

export function minPropertiesOf(type: Type<object>): number {
  return minimums.get(type) ?? 0;
}

/** Every class that has declared members, for the OpenAPI document. */
export function declaredTypes(): Type<object>[] {
  return [...declared.keys()] as Type<object>[];
}

/** The names of the members of DTOs of any kind. */
export function declaredNames(): Set<string> {
  return new Set([...declared.values()].flatMap((members) => [...members.keys()]));
}
