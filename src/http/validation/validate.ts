import type { Type } from '@nestjs/common';
import { validateSync, type ValidationError } from 'class-validator';
import { omittedMembersOf } from '../body/skim-json';
import { RULE_ORDER, type RuleContext } from './member';
import { type ItemFault, type Member, membersOf, minPropertiesOf } from './members';
import type { Violation } from './violation';
import { UnknownMember, Violations } from './violations';

/**
 * Turns a parsed JSON value, or the query of a URL, into an instance of a DTO class. Values stay as they are.
 *
 * class-transformer is not used here: it drops `__proto__` and `constructor` silently, where the contract refuses them,
 * and it walks into values that no rule knows, however deep they are.
 * @throws ValidationException naming the violations, in the order of the contract ("Validation messages").
 */
export function validate<T extends object>(type: Type<T>, value: unknown, place = BODY): T {
  const violations = new Violations();
  const instance = check(type, value, place, violations);
  violations.requireNone();
  return instance as T;
}

/** Where in a document a value is, in the words of a message and of a pointer. */
export class Place {
  constructor(
    readonly path: string,
    readonly pointer: string,
  ) {}

  member(name: string): Place {
    const token = name.replaceAll('~', '~0').replaceAll('/', '~1');
    return new Place(`${this.path}/${name}`, `${this.pointer}/${token}`);
  }
}

/** The pointer of a member starts at the body, or else names the part of the request. */
export const BODY = new Place('body', '');
export const QUERY = new Place('querystring', '/querystring');

function check(type: Type<object>, value: unknown, place: Place, violations: Violations): object | undefined {
  if (!isObject(value)) {
    violations.add(() => broken(place, 'type', 'must be object'));
    return undefined;
  }
  const members = membersOf(type);
  const names = Object.keys(value);
  checkNames(type, members, names, place, violations);
  violations.omitted += omittedMembersOf(value);
  const instance = new type() as Record<string, unknown>;
  for (const name of names) if (members.has(name)) instance[name] = value[name];
  checkMembers(instance, members, place, violations);
  return instance;
}

function checkNames(
  type: Type<object>,
  members: ReadonlyMap<string, Member>,
  names: string[],
  place: Place,
  violations: Violations,
): void {
  const min = minPropertiesOf(type);
  if (names.length < min) {
    const message = `must NOT have fewer than ${min} properties`;
    violations.add(() => ({ ...broken(place, 'min_properties', message), limit: min }));
  }
  for (const [name, { required }] of members) {
    if (required && !names.includes(name)) {
      const message = `${place.path} must have required property '${name}'`;
      violations.add(() => ({ pointer: place.member(name).pointer, code: 'required', message }));
    }
  }
  const known = [...members.keys()];
  const message = `${place.path} must NOT have additional properties`;
  for (const name of names) {
    if (members.has(name)) continue;
    violations.add(() => new UnknownMember(place.member(name).pointer, message, name, known));
  }
}

function checkMembers(
  instance: Record<string, unknown>,
  members: ReadonlyMap<string, Member>,
  place: Place,
  violations: Violations,
): void {
  for (const [name, { alone, nullable, nested, itemFaults }] of members) {
    const value = instance[name];
    if (value === undefined || (nullable && value === null)) continue;
    const [error] = validateSync(Object.assign(new alone(), { [name]: value }));
    if (error) addAll(violations, violationsOf(error, place.member(name)));
    else if (nested && isObject(value)) instance[name] = check(nested, value, place.member(name), violations);
    else if (itemFaults && Array.isArray(value)) addAll(violations, locate(itemFaults(value), place.member(name)));
  }
}

function addAll(violations: Violations, found: Violation[]): void {
  for (const violation of found) violations.add(() => violation);
}

function locate(faults: ItemFault[], list: Place): Violation[] {
  return faults.map(({ index, member, message, ...rest }) => {
    const item = index === undefined ? list : list.member(String(index));
    const place = member === undefined ? item : item.member(member);
    // That a member is missing is said of the object that lacks it.
    const { path } = rest.code === 'required' ? item : place;
    return { pointer: place.pointer, ...rest, message: `${path} ${message}` };
  });
}

function violationsOf(error: ValidationError, place: Place): Violation[] {
  const rules = Object.entries(error.constraints ?? {}).map(([rule, message]) => {
    const context = error.contexts?.[rule] as RuleContext;
    return { pointer: place.pointer, ...context, message: `${place.path} ${message}` };
  });
  const wrongType = rules.filter(({ code }) => code === 'type');
  if (wrongType.length > 0) return wrongType;
  return rules.sort((a, b) => RULE_ORDER.indexOf(a.code) - RULE_ORDER.indexOf(b.code));
}

function broken(place: Place, code: string, message: string): Violation {
  return { pointer: place.pointer, code, message: `${place.path} ${message}` };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
