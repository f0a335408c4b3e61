import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { omittedMembersOf } from '../body/skim-json';
import { type Check, type Field, fieldsOf, optionsOf } from './fields';
import { ValidationException, type Violation } from '../errors/errors';
import { nearest } from '../../spelling';

/** How many an answer lists. */
export const MAX_VIOLATIONS = 100;

/** Collects broken rules in the order in which an answer lists them: the first ones as they are, of the others the number. */
export class Violations {
  readonly list: Violation[] = [];
  omitted = 0;

  /** Makes a violation only when it is to be listed. */
  add(make: () => Violation): void {
    if (this.list.length < MAX_VIOLATIONS) this.list.push(make());
    else this.omitted++;
  }

  /** @throws ValidationException when there are any. */
  requireNone(): void {
    if (this.list.length > 0) throw new ValidationException(this.list, this.omitted);
  }
}

/** An unknown member. The nearest known one is looked for only when the violation is written into a problem document. */
export class UnknownMember implements Violation {
  readonly code = 'additional_property';

  constructor(
    readonly pointer: string,
    readonly message: string,
    private readonly name: string,
    private readonly known: readonly string[],
  ) {}

  get suggestion(): string | undefined {
    return nearest(this.name, this.known);
  }

  toJSON(): Violation {
    const { pointer, code, message, suggestion } = this;
    return { pointer, code, message, ...(suggestion && { suggestion }) };
  }
}

/** Where in a request a value is, in the words of a message and of a pointer. */
export class JsonPath {
  constructor(
    readonly path: string,
    readonly pointer: string,
  ) {}

  member(name: string): JsonPath {
    const token = name.replaceAll('~', '~0').replaceAll('/', '~1');
    return new JsonPath(`${this.path}/${name}`, `${this.pointer}/${token}`);
  }
}

/** The pointer of a member starts at the body, or else names the part of the request. */
export const BODY = new JsonPath('body', '');
const QUERY = new JsonPath('querystring', '/querystring');

/** Makes an object of the values that a class has fields for. */
type Instantiate = (type: Type<object>, values: Record<string, unknown>) => object;

/**
 * class-transformer is not used for bodies: it drops `__proto__` and `constructor` silently, where the contract refuses them,
 * and it walks into values that no rule knows, however deep they are.
 */
const asSent: Instantiate = (type, values) => Object.assign(new type(), values);

/**
 * Turns a parsed JSON value into an instance of a DTO class. Values stay as they are.
 * @throws ValidationException naming the violations, in the order of the contract ("Validation messages").
 */
export function validate<T extends object>(type: Type<T>, value: unknown, path = BODY): T {
  return requireValid(type, value, path, asSent);
}

/** Turns the query of a URL, whose values are texts, into an instance of a DTO class, with what `@Transform()` makes of them. */
export function validateQuery<T extends object>(type: Type<T>, query: object): T {
  // class-transformer takes its time even for nothing, which most queries are.
  const isEmpty = Object.keys(query).length === 0;
  return requireValid(type, query, QUERY, isEmpty ? asSent : plainToInstance);
}

function requireValid<T extends object>(type: Type<T>, value: unknown, path: JsonPath, instantiate: Instantiate): T {
  const violations = new Violations();
  const instance = check(type, value, path, violations, instantiate);
  violations.requireNone();
  return instance as T;
}

function check(
  type: Type<object>,
  value: unknown,
  path: JsonPath,
  violations: Violations,
  instantiate: Instantiate = asSent,
): object | undefined {
  if (!isObject(value)) {
    violations.add(() => broken(path, 'type', 'must be object'));
    return undefined;
  }
  const fields = fieldsOf(type);
  const names = Object.keys(value);
  checkNames(type, fields, names, path, violations);
  const known: Record<string, unknown> = {};
  for (const name of names) if (fields.has(name)) known[name] = value[name];
  const instance = instantiate(type, known) as Record<string, unknown>;
  for (const [name, field] of fields) {
    const member = instance[name];
    if (member === undefined || (member === null && field.nullable)) continue;
    instance[name] = checkValue(field, member, () => path.member(name), violations);
  }
  if (!optionsOf(type).partOf) violations.omitted += omittedMembersOf(value);
  return instance;
}

function checkNames(
  type: Type<object>,
  fields: ReadonlyMap<string, Field>,
  names: string[],
  path: JsonPath,
  violations: Violations,
): void {
  const { minProperties = 0, partOf } = optionsOf(type);
  if (names.length < minProperties) {
    const message = `must NOT have fewer than ${minProperties} properties`;
    violations.add(() => ({ ...broken(path, 'min_properties', message), limit: minProperties }));
  }
  for (const [name, { required }] of fields) {
    if (required && !names.includes(name)) {
      const message = `${path.path} must have required property '${name}'`;
      violations.add(() => ({ pointer: path.member(name).pointer, code: 'required', message }));
    }
  }
  if (partOf) return;
  const message = `${path.path} must NOT have additional properties`;
  for (const name of names) {
    if (fields.has(name)) continue;
    violations.add(() => new UnknownMember(path.member(name).pointer, message, name, [...fields.keys()]));
  }
}

/** Looks into an object or a list only when it is right as a whole. Returns what stands for the value in the DTO. */
function checkValue(field: Field, value: unknown, path: () => JsonPath, violations: Violations): unknown {
  const { checks, itemChecks, listChecks, nested, nullable } = field;
  if (!passes(checks, value, nullable, path, violations)) return value;
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      const at = () => path().member(String(index));
      passes(itemChecks, item, false, at, violations);
      if (nested) check(nested, item, at(), violations);
    });
    passes(listChecks, value, nullable, path, violations);
  } else if (nested) return check(nested, value, path(), violations);
  return value;
}

/** A value of the wrong type breaks that rule alone. */
function passes(
  checks: Check[],
  value: unknown,
  nullable: boolean,
  path: () => JsonPath,
  violations: Violations,
): boolean {
  let isGood = true;
  for (const { rule, args, holds } of checks) {
    if (holds(value)) continue;
    isGood = false;
    violations.add(() => {
      const at = path();
      const details = rule.details?.(args, nullable);
      const message = `${at.path} ${rule.sentence(args, nullable, value)}`;
      return { pointer: at.pointer, code: rule.code, ...details, message };
    });
    if (rule.code === 'type') break;
  }
  return isGood;
}

function broken(path: JsonPath, code: string, message: string): Violation {
  return { pointer: path.pointer, code, message: `${path.path} ${message}` };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
