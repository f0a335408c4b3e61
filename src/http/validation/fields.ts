import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, type ValidationArguments, ValidationTypes } from 'class-validator';
import { type Rule, RULE_CODES, ruleOf } from './rules';

type Storage = ReturnType<typeof getMetadataStorage>;
type Metadata = ReturnType<Storage['getTargetValidationMetadatas']>[number];
type Constraint = ReturnType<Storage['getTargetValidatorConstraints']>[number];

/** One constraint of a value, ready to be checked. */
export interface Check extends Rule {
  holds: (value: unknown) => boolean;
}

/** A value of a DTO, as its decorators describe it. */
export interface Field {
  required: boolean;
  nullable: boolean;
  /** In the order of `RULE_CODES`. */
  checks: Check[];
  /** Each item of a list. */
  items?: Field;
  /** Checks of all items together, which come after those of each. */
  listChecks: Check[];
  /** The class of an object. */
  nested?: Type<object>;
}

/** A class that describes the body or the query of a request. */
interface Dto {
  minProperties?: number;
  /** The class has only some fields of this one. The others are no errors: they are checked later, with the whole. */
  partOf?: Type<object>;
  fields?: ReadonlyMap<string, Field>;
}

const dtos = new Map<Type<object>, Dto>();

export function RequestDto(options: Omit<Dto, 'fields'> = {}) {
  return (type: Type<object>): void => void dtos.set(type, { ...options });
}

export function optionsOf(type: Type<object>): Dto {
  return dtos.get(type) ?? {};
}

/**
 * The fields of a DTO in the order of their declaration, inherited ones first. class-validator collects its metadata for
 * every call, which costs a multiple of the checks themselves: so this is done once for each class.
 */
export function fieldsOf(type: Type<object>): ReadonlyMap<string, Field> {
  return (optionsOf(type).fields ??= readFields(type));
}

export function requestDtos(): Type<object>[] {
  return [...dtos.keys()];
}

/** The names of the fields of all DTOs. */
export function namesOfFields(): Set<string> {
  return new Set(requestDtos().flatMap((type) => [...fieldsOf(type).keys()]));
}

function readFields(type: Type<object>): ReadonlyMap<string, Field> {
  const storage = getMetadataStorage();
  const metadata = storage.getTargetValidationMetadatas(type, '', true, false);
  const inheritedFirst = metadata.sort((a, b) => Number(a.target === type) - Number(b.target === type));
  const byName = Object.entries(storage.groupByPropertyName(inheritedFirst));
  return new Map(byName.map(([name, ofField]) => [name, readField(type, name, ofField)]));
}

function readField(type: Type<object>, name: string, metadata: Metadata[]): Field {
  const ofType = (wanted: string) => metadata.filter((each) => each.type === wanted);
  const conditions = ofType(ValidationTypes.CONDITIONAL_VALIDATION);
  const skips = (value: unknown) => conditions.some(({ constraints }) => !constraints[0]({}, value));
  const required = !skips(undefined) || ofType(ValidationTypes.IS_DEFINED).length > 0;
  const nullable = skips(null);
  const constraints = ofType(ValidationTypes.CUSTOM_VALIDATION);
  const ofValue = toChecks(
    constraints.filter(({ each }) => !each),
    nullable,
  );
  const ofItems = toChecks(
    constraints.filter(({ each }) => each),
    false,
  );
  const checks = ofValue.filter(({ code }) => code !== 'unique_items');
  const listChecks = ofValue.filter(({ code }) => code === 'unique_items');
  const nested = ofType(ValidationTypes.NESTED_VALIDATION).length > 0 ? nestedTypeOf(type, name) : undefined;
  if (!checks.some(({ schema }) => schema?.type === 'array')) return { required, nullable, checks, listChecks, nested };
  const items = { required: true, nullable: false, checks: ofItems, listChecks: [], nested };
  return { required, nullable, checks, items, listChecks };
}

/** A constraint of a feature's own brings its rule along, as its context. */
function toChecks(constraints: Metadata[], nullable: boolean): Check[] {
  const checks = constraints.map(({ constraintCls, constraints: args = [], context }): Check => {
    const [{ name, instance }] = getMetadataStorage().getTargetValidatorConstraints(constraintCls) as [Constraint];
    const rule = (context as Rule | undefined) ?? ruleOf(name, args[0], nullable);
    const validationArguments = { constraints: args } as ValidationArguments;
    return { ...rule, holds: (value) => instance.validate(value, validationArguments) as boolean };
  });
  return checks.sort((a, b) => RULE_CODES.indexOf(a.code) - RULE_CODES.indexOf(b.code));
}

/** What class-transformer makes of an empty object there, since it keeps the classes of `@Type()` to itself. */
function nestedTypeOf(type: Type<object>, name: string): Type<object> {
  const probe = plainToInstance(type, { [name]: {} }) as Record<string, object>;
  return probe[name]?.constructor as Type<object>;
}
