import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, type ValidationArguments, ValidationTypes } from 'class-validator';
import { type Rule, RULE_CODES, RULES } from './rules';

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

/** One constraint of a field, ready to be checked. */
export interface Check {
  rule: Rule;
  args: readonly unknown[];
  holds: (value: unknown) => boolean;
}

/** A field of a DTO, as its decorators describe it. */
export interface Field {
  required: boolean;
  nullable: boolean;
  /** Checks of the value as a whole, of each item of a list, and of all items together, each in the order of `RULES`. */
  checks: Check[];
  itemChecks: Check[];
  listChecks: Check[];
  /** The class of the object, or of each item of a list. */
  nested?: Type<object>;
}

interface DtoOptions {
  minProperties?: number;
  /** The class has only some fields of this one. The others are no errors: they are checked later, with the whole. */
  partOf?: Type<object>;
}

const dtos = new Map<unknown, DtoOptions>();
const fieldsOfTypes = new Map<unknown, ReadonlyMap<string, Field>>();

/** Marks a class that describes the body or the query of a request. */
export function RequestDto(options: DtoOptions = {}): ClassDecorator {
  return (type) => void dtos.set(type, options);
}

export function optionsOf(type: Type<object>): DtoOptions {
  return dtos.get(type) ?? {};
}

/**
 * The fields of a DTO in the order of their declaration, inherited ones first. class-validator collects its metadata for
 * every call, which costs a multiple of the checks themselves: so this is done once for each class.
 */
export function fieldsOf(type: Type<object>): ReadonlyMap<string, Field> {
  let fields = fieldsOfTypes.get(type);
  if (!fields) {
    fields = new Map(
      Object.entries(metadataOf(type)).map(([name, metadata]) => [name, readField(type, name, metadata)]),
    );
    fieldsOfTypes.set(type, fields);
  }
  return fields;
}

export function requestDtos(): Type<object>[] {
  return [...dtos.keys()] as Type<object>[];
}

/** The names of the fields of all DTOs. */
export function namesOfFields(): Set<string> {
  return new Set(requestDtos().flatMap((type) => [...fieldsOf(type).keys()]));
}

function metadataOf(type: Type<object>): Record<string, Metadata[]> {
  const storage = getMetadataStorage();
  const found = storage.getTargetValidationMetadatas(type, '', true, false);
  const inheritedFirst = found.sort((a, b) => Number(a.target === type) - Number(b.target === type));
  return storage.groupByPropertyName(inheritedFirst);
}

function readField(type: Type<object>, name: string, metadata: Metadata[]): Field {
  const ofType = (wanted: string) => metadata.filter((each) => each.type === wanted);
  const conditions = ofType(ValidationTypes.CONDITIONAL_VALIDATION);
  const skips = (value: unknown) => conditions.some(({ constraints }) => !constraints[0]({}, value));
  const constraints = ofType(ValidationTypes.CUSTOM_VALIDATION);
  const checks = inOrder(constraints.filter(({ each }) => !each).map(readCheck));
  const isOfList = ({ rule }: Check) => rule.code === 'unique_items';
  return {
    required: !skips(undefined) || ofType(ValidationTypes.IS_DEFINED).length > 0,
    nullable: skips(null),
    checks: checks.filter((check) => !isOfList(check)),
    itemChecks: inOrder(constraints.filter(({ each }) => each).map(readCheck)),
    listChecks: checks.filter(isOfList),
    ...(ofType(ValidationTypes.NESTED_VALIDATION).length > 0 && { nested: nestedTypeOf(type, name) }),
  };
}

/** A constraint of a feature's own may bring its rule along, as its context. */
function readCheck({ constraintCls, constraints, context }: Metadata): Check {
  const [constraint] = getMetadataStorage().getTargetValidatorConstraints(constraintCls);
  const name = constraint?.name ?? '';
  const rule = (context as Rule | undefined) ?? RULES[name];
  if (!constraint || !rule) throw new Error(`There is no rule for the constraint ${name}`);
  const args = constraints ?? [];
  const { instance } = constraint;
  const validationArguments = { constraints: args } as ValidationArguments;
  return { rule, args, holds: (value) => instance.validate(value, validationArguments) as boolean };
}

function inOrder(checks: Check[]): Check[] {
  return checks.sort((a, b) => RULE_CODES.indexOf(a.rule.code) - RULE_CODES.indexOf(b.rule.code));
}

/** What class-transformer makes of an empty object there, since it keeps the classes of `@Type()` to itself. */
function nestedTypeOf(type: Type<object>, name: string): Type<object> {
  const probe = plainToInstance(type, { [name]: {} }) as Record<string, object>;
  return probe[name]?.constructor as Type<object>;
}
