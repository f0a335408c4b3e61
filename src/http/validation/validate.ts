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

  /** Makes a violation only when it is to be listed. */
  private report(make: () => Violation): void {
    if (this.violations.length < MAX_VIOLATIONS) this.violations.push(make());
    else this.omitted++;
  }

  private checkObject(type: Type<object>, value: unknown, path: JsonPath): object | undefined {
    if (!isObject(value)) {
      this.report(() => violationAt(path, 'type', 'must be object'));
      return undefined;
    }
    const fields = fieldsOf(type);
    const names = Object.keys(value);
    this.checkNames(type, names, path);
    const known: Record<string, unknown> = {};
    for (const name of names) if (fields.has(name)) known[name] = value[name];
    const instance = this.instantiate(type, known);
    for (const [name, field] of fields) {
      const member = instance[name];
      if (member === undefined || (member === null && field.nullable)) continue;
      instance[name] = this.checkMember(field, member, path, name);
    }
    if (!optionsOf(type).partOf) this.omitted += omittedMembersOf(value);
    return instance;
  }

  /**
   * class-transformer is not used for bodies: it drops `__proto__` and `constructor` silently, where the contract refuses
   * them, and it walks into values that no rule knows, however deep they are.
   */
  private instantiate(type: Type<object>, values: Record<string, unknown>): Record<string, unknown> {
    return (this.hasTransforms ? plainToInstance(type, values) : Object.assign(new type(), values)) as typeof values;
  }

  private checkNames(type: Type<object>, names: string[], path: JsonPath): void {
    const fields = fieldsOf(type);
    const { minProperties: limit = 0, partOf } = optionsOf(type);
    if (names.length < limit) {
      const sentence = `must NOT have fewer than ${limit} properties`;
      this.report(() => ({ ...violationAt(path, 'min_properties', sentence), limit }));
    }
    for (const [name, { required }] of fields) {
      if (!required || names.includes(name)) continue;
      const sentence = `must have required property '${name}'`;
      this.report(() => violationAt(path, 'required', sentence, [...path, name]));
    }
    if (partOf) return;
    for (const name of names) if (!fields.has(name)) this.report(() => new UnknownMember(path, name, fields));
  }

  /** Checks what is inside an object or a list only if the value itself breaks no rule. Returns the value for the DTO. */
  private checkMember(field: Field, value: unknown, path: JsonPath, name: string): unknown {
    const { checks, itemChecks, listChecks, nested, nullable } = field;
    if (!this.passes(checks, value, nullable, path, name)) return value;
    if (Array.isArray(value)) {
      const list = [...path, name];
      value.forEach((item, index) => {
        this.passes(itemChecks, item, false, list, String(index));
        if (nested) this.checkObject(nested, item, [...list, String(index)]);
      });
      this.passes(listChecks, value, nullable, path, name);
    } else if (nested) return this.checkObject(nested, value, [...path, name]);
    return value;
  }

  /** A value of the wrong type breaks only that rule. */
  private passes(checks: Check[], value: unknown, nullable: boolean, path: JsonPath, name: string): boolean {
    let isGood = true;
    for (const { rule, args, holds } of checks) {
      if (holds(value)) continue;
      isGood = false;
      this.report(() => {
        const violation = violationAt([...path, name], rule.code, rule.sentence(args, nullable, value));
        return Object.assign(violation, rule.details?.(args, nullable));
      });
      if (rule.code === 'type') break;
    }
    return isGood;
  }
}

/** An unknown member. The nearest known name is looked for only when the violation is written into a problem document. */
class UnknownMember implements Violation {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;

  constructor(
    path: JsonPath,
    private readonly name: string,
    private readonly known: ReadonlyMap<string, Field>,
  ) {
    const sentence = 'must NOT have additional properties';
    const violation = violationAt(path, 'additional_property', sentence, [...path, name]);
    ({ pointer: this.pointer, code: this.code, message: this.message } = violation);
  }

  get suggestion(): string | undefined {
    return nearest(this.name, [...this.known.keys()]);
  }

  toJSON(): Violation {
    const { pointer, code, message, suggestion } = this;
    return { pointer, code, message, suggestion };
  }
}
