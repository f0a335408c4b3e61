import { applyDecorators, type Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsObject, IsString, Matches, MinLength, ValidateBy, ValidateIf } from 'class-validator';
import { isEmailAddress } from './email';
import { declareMember, type Member } from './members';
import { objectSchema } from './schema';
import { countCharacters, isWellFormedText } from './text';

/** The codes of the rules, in the order in which the contract ("Validation messages") reports them for a member. */
export const RULE_ORDER = ['type', 'max_length', 'min_length', 'pattern', 'format', 'enum', 'well_formed'] as const;

/** What class-validator carries along with each rule, and a violation repeats. */
export interface RuleContext {
  code: (typeof RULE_ORDER)[number];
  limit?: number;
  allowed?: readonly (string | null)[];
}

interface MemberOptions {
  description: string;
  example: unknown;
  nullable?: boolean;
  required?: boolean;
}

type TextOptions = MemberOptions & { max: number };

/** A string of 1 to `max` characters (Unicode code points) that is not blank. */
export function Text({ max, ...options }: TextOptions): PropertyDecorator {
  return member(
    options,
    { type: 'string', minLength: 1, maxLength: max, pattern: '\\S' },
    isString(options.nullable),
    hasAtMost(max),
    MinLength(1, rule('must NOT have fewer than 1 characters', { code: 'min_length', limit: 1 })),
    Matches(/\S/, rule('must match pattern "\\S"', { code: 'pattern' })),
    isWellFormed(),
  );
}

/** An email address of at most `max` characters. */
export function Email({ max, ...options }: TextOptions): PropertyDecorator {
  return member(
    options,
    { type: 'string', maxLength: max, format: 'email' },
    isString(options.nullable),
    hasAtMost(max),
    textRule('isEmailAddress', isEmailAddress, rule('must match format "email"', { code: 'format' })),
    isWellFormed(),
  );
}

/** One of a few strings. */
export function OneOf(allowed: readonly string[], options: MemberOptions): PropertyDecorator {
  const values = options.nullable ? [...allowed, null] : allowed;
  return member(
    options,
    { type: 'string', enum: values },
    isString(options.nullable),
    IsIn(allowed, rule('must be equal to one of the allowed values', { code: 'enum', allowed: values })),
    isWellFormed(),
  );
}

/** An object whose members the class `nested` declares. */
export function ObjectOf(nested: Type<object>, options: MemberOptions): PropertyDecorator {
  const message = typeMessage('object', options.nullable);
  return member({ ...options, nested }, objectSchema(nested), IsObject(rule(message, { code: 'type' })));
}

function member(
  { nullable = false, required = false, nested, ...documentation }: MemberOptions & { nested?: Type<object> },
  rules: object,
  ...decorators: PropertyDecorator[]
): PropertyDecorator {
  const schema = { ...rules, ...documentation, nullable };
  const declaration: Member = { nullable, required, schema, ...(nested && { nested }) };
  return applyDecorators(
    (target: object, key?: string | symbol) => declareMember(target, String(key), declaration),
    ApiProperty({ ...schema, ...(nested ? { selfRequired: required } : { required }) }),
    ValidateIf((_, value) => value !== undefined && !(nullable && value === null)),
    ...decorators,
  );
}

function isString(nullable = false): PropertyDecorator {
  return IsString(rule(typeMessage('string', nullable), { code: 'type' }));
}

function hasAtMost(max: number): PropertyDecorator {
  const options = rule(`must NOT have more than ${max} characters`, { code: 'max_length', limit: max });
  return textRule('hasAtMost', (text) => countCharacters(text) <= max, options);
}

function isWellFormed(): PropertyDecorator {
  return textRule('isWellFormed', isWellFormedText, rule('must be well-formed text', { code: 'well_formed' }));
}

function textRule(name: string, holds: (text: string) => boolean, options: ReturnType<typeof rule>): PropertyDecorator {
  return ValidateBy({ name, validator: { validate: (value) => typeof value === 'string' && holds(value) } }, options);
}

function typeMessage(type: string, nullable = false): string {
  return `must be ${type}${nullable ? ',null' : ''}`;
}

function rule(message: string, context: RuleContext) {
  return { message, context };
}
