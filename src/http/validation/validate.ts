import { type ArgumentMetadata, Injectable, type Type, ValidationPipe } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { nearest } from '../../spelling';
import { omittedMembersOf } from '../body/skim-json';
import { type JsonPath, ValidationException, type Violation, violationAt } from '../errors/errors';
import { type Check, type Field, fieldsOf, optionsOf } from './fields';

/** How many an answer lists. */
export const MAX_VIOLATIONS = 100;

/**
 * Nest's pipe for the decorators of class-validator, with the contract's words for what they find. It checks bodies: the
 * query comes before the body is read (`RequestInterceptor`), and the parameters of a path are all ids.
 */
@Injectable()
export class ContractValidationPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { type, metatype } = metadata;
    return type === 'body' && this.toValidate(metadata) ? validate(metatype as Type<object>, value) : value;
  }
}

/**
 * Turns a parsed JSON value into an instance of a DTO class. Values stay as they are.
 * @throws ValidationException naming the violations, in the order of the contract ("Validation messages").
 */
export function validate<T extends object>(type: Type<T>, value: unknown, path: JsonPath = ['body']): T {
  return new Validation(false).run(type, value, path);
}

/** Turns the query of a URL, whose values are texts, into an instance of a DTO class, with what `@Transform()` makes of them. */
export function validateQuery<T extends object>(type: Type<T>, query: object): T {
  // class-transformer takes its time even for nothing, which most queries are.
  return new Validation(Object.keys(query).length > 0).run(type, query, ['querystring']);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Checks one value, and collects the violations in the order in which an answer lists them. */
class Validation {
  private readonly violations: Violation[] = [];
  private omitted = 0;

  constructor(private readonly hasTransforms: boolean) {}

  run<T extends object>(type: Type<T>, value: unknown, path: JsonPath): T {
    const instance = this.checkObject(type, value, path);
    if (this.violations.length > 0) throw new ValidationException(this.violations, this.omitted);
    return instance as T;
  }

  /** Makes a violation only if it is to be listed. It points to the `member` whose rule is broken, and its message names the value. */
  private report(path: JsonPath, code: string, sentence: string, details = {}, member = path): Violation | undefined {
    if (this.violations.length === MAX_VIOLATIONS) {
      this.omitted++;
      return undefined;
    }
    const violation = Object.assign(violationAt(path, code, sentence, member), details);
    this.violations.push(violation);
    return violation;
  }

  private checkObject(type: Type<object>, value: unknown, path: JsonPath): unknown {
    if (!isObject(value)) {
      this.report(path, 'type', 'must be object');
      return value;
    }
    const { minProperties: limit = 0, partOf } = optionsOf(type);
    const fields = fieldsOf(type);
    const names = Object.keys(value);
    if (names.length < limit) {
      this.report(path, 'min_properties', `must NOT have fewer than ${limit} properties`, { limit });
    }
    for (const [name, { required }] of fields) {
      if (!required || names.includes(name)) continue;
      this.report(path, 'required', `must have required property '${name}'`, {}, [...path, name]);
    }
    const known: Record<string, unknown> = {};
    for (const name of names) {
      if (fields.has(name)) known[name] = value[name];
      else if (!partOf) this.reportUnknown(path, name, fields);
    }
    if (!partOf) this.omitted += omittedMembersOf(value);
    // class-transformer is not used for bodies: it drops `__proto__` and `constructor` silently, where the contract refuses
    // them, and it walks into values that no rule knows, however deep they are.
    const made: object = this.hasTransforms ? plainToInstance(type, known) : Object.assign(new type(), known);
    const instance = made as typeof known;
    for (const [name, field] of fields) {
      const member = instance[name];
      if (member === undefined || (member === null && field.nullable)) continue;
      instance[name] = this.checkValue(field, member, path, name);
    }
    return instance;
  }

  /** Checks what is inside an object or a list only if the value itself breaks no rule. Returns the value for the DTO. */
  private checkValue(field: Field, value: unknown, path: JsonPath, name: string): unknown {
    const { checks, items, listChecks, nested } = field;
    if (!this.passes(checks, value, path, name)) return value;
    if (nested) return this.checkObject(nested, value, [...path, name]);
    if (items) {
      (value as unknown[]).forEach((item, i) => this.checkValue(items, item, [...path, name], String(i)));
      this.passes(listChecks, value, path, name);
    }
    return value;
  }

  /** A value of the wrong type breaks only that rule. */
  private passes(checks: Check[], value: unknown, path: JsonPath, name: string): boolean {
    let isGood = true;
    for (const check of checks) {
      if (check.holds(value)) continue;
      isGood = false;
      const { code, sentence, limit, allowed } = check;
      const words = typeof sentence === 'string' ? sentence : sentence(value as unknown[]);
      this.report([...path, name], code, words, { limit, allowed });
      if (code === 'type') break;
    }
    return isGood;
  }

  private reportUnknown(path: JsonPath, name: string, fields: ReadonlyMap<string, Field>): void {
    const sentence = 'must NOT have additional properties';
    const violation = this.report(path, 'additional_property', sentence, {}, [...path, name]);
    // The nearest name is looked for only when the violation is written into a problem document.
    const get = () => nearest(name, [...fields.keys()]);
    if (violation) Object.defineProperty(violation, 'suggestion', { enumerable: true, get });
  }
}
