import type { Type } from '@nestjs/common';
import { IsIn, IsInt, IsObject, IsString, Matches, Max, Min, MinLength } from 'class-validator';
import { isDateTime } from './date-time';
import { isEmailAddress } from './email';
import { hasAtMost, isWellFormed, member, type MemberOptions, rule, textRule } from './member';
import { objectSchema } from './schema';
import { isUuid } from './uuid';

type TextOptions = MemberOptions & { max: number };
type IntegerOptions = MemberOptions & { min: number; max: number; default?: number };

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

/** A UUID, in any letter case. */
export function Uuid(options: MemberOptions): PropertyDecorator {
  return member(
    options,
    { type: 'string', format: 'uuid' },
    isString(options.nullable),
    textRule('isUuid', isUuid, rule('must match format "uuid"', { code: 'format' })),
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

/** A whole number from `min` to `max`. */
export function Integer({ min, max, ...options }: IntegerOptions): PropertyDecorator {
  return member(
    options,
    { type: 'integer', minimum: min, maximum: max },
    IsInt(rule(typeMessage('integer', options.nullable), { code: 'type' })),
    Min(min, rule(`must be >= ${min}`, { code: 'minimum', limit: min })),
    Max(max, rule(`must be <= ${max}`, { code: 'maximum', limit: max })),
  );
}

/** A moment (RFC 3339) that is still to come, which is beyond what a JSON Schema can say. */
export function FutureTime(options: MemberOptions): PropertyDecorator {
  return member(
    options,
    { type: 'string', format: 'date-time' },
    isString(options.nullable),
    textRule('isDateTime', isDateTime, rule('must match format "date-time"', { code: 'format' })),
    textRule('isInFuture', isNotPast, rule('must be in the future', { code: 'future' })),
  );
}

/** An object whose members the class `nested` declares. */
export function ObjectOf(nested: Type<object>, options: MemberOptions): PropertyDecorator {
  const message = typeMessage('object', options.nullable);
  return member({ ...options, nested }, objectSchema(nested), IsObject(rule(message, { code: 'type' })));
}

/** What is not a moment breaks another rule. */
function isNotPast(text: string): boolean {
  return !isDateTime(text) || Date.parse(text) > Date.now();
}

function isString(nullable = false): PropertyDecorator {
  return IsString(rule(typeMessage('string', nullable), { code: 'type' }));
}

export function typeMessage(type: string, nullable = false): string {
  return `must be ${type}${nullable ? ',null' : ''}`;
}
