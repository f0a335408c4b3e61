import { applyDecorators } from '@nestjs/common';
import { Transform, Type } from 'class-transformer';
import { isDateTime } from './date-time';
import { isEmailAddress } from './email';
import { hasAtMost, isWellFormed, member, type MemberOptions, rule, textRule } from './member';
import { isUuid } from './uuid';

/*
 * A member of a query arrives as a text, or as an array of texts when it is repeated, which no rule accepts. The rules
 * look at the text; class-transformer then makes of it what the handler works with.
 */

const WHOLE_NUMBER = /^-?\d+$/;

const INTEGER = textRule('isInteger', (text) => WHOLE_NUMBER.test(text), rule('must be integer', { code: 'type' }));

type IntegerOptions = MemberOptions & { min: number; max: number; default: number };

/** Any whole number. */
export function QueryAnyInteger(options: MemberOptions): PropertyDecorator {
  return applyDecorators(
    member(options, { type: 'integer' }, INTEGER),
    Type(() => Number),
  );
}

/** `true` or `false`, as a boolean for the handler. */
export function QueryFlag(options: MemberOptions & { default: boolean }): PropertyDecorator {
  const isFlag = (text: string) => text === 'true' || text === 'false';
  return applyDecorators(
    member(options, { type: 'boolean' }, textRule('isFlag', isFlag, rule('must be boolean', { code: 'type' }))),
    Transform(({ value }) => value === 'true'),
  );
}

/** A whole number from `min` to `max`. */
export function QueryInteger({ min, max, ...options }: IntegerOptions): PropertyDecorator {
  return applyDecorators(
    member(
      options,
      { type: 'integer', minimum: min, maximum: max },
      INTEGER,
      textRule('isAtLeast', (text) => Number(text) >= min, rule(`must be >= ${min}`, { code: 'minimum', limit: min })),
      textRule('isAtMost', (text) => Number(text) <= max, rule(`must be <= ${max}`, { code: 'maximum', limit: max })),
    ),
    Type(() => Number),
  );
}

/** A text of 1 to `max` characters (Unicode code points). */
export function QueryText({ max, ...options }: MemberOptions & { max: number }): PropertyDecorator {
  return member(
    options,
    { type: 'string', minLength: 1, maxLength: max },
    textRule('isText', () => true, rule('must be string', { code: 'type' })),
    hasAtMost(max),
    textRule(
      'isNotEmpty',
      (text) => text !== '',
      rule('must NOT have fewer than 1 characters', { code: 'min_length', limit: 1 }),
    ),
    isWellFormed(),
  );
}

/** An email address of at most `max` characters. */
export function QueryEmail({ max, ...options }: MemberOptions & { max: number }): PropertyDecorator {
  return member(
    options,
    { type: 'string', maxLength: max, format: 'email' },
    textRule('isText', () => true, rule('must be string', { code: 'type' })),
    hasAtMost(max),
    textRule('isEmailAddress', isEmailAddress, rule('must match format "email"', { code: 'format' })),
  );
}

/** One of a few texts. */
export function QueryOneOf(allowed: readonly string[], options: MemberOptions): PropertyDecorator {
  const message = 'must be equal to one of the allowed values';
  return member(
    options,
    { type: 'string', enum: allowed },
    textRule('isAllowed', (text) => allowed.includes(text), rule(message, { code: 'enum', allowed })),
  );
}

/** One or several of a few texts, separated by commas, as an array for the handler. */
export function QuerySetOf(allowed: readonly string[], options: MemberOptions): PropertyDecorator {
  const message = 'must be equal to one of the allowed values';
  const one = `(${allowed.map((text) => text.replaceAll('.', '\\.')).join('|')})`;
  return applyDecorators(
    member(
      options,
      { type: 'string', pattern: `^${one}(,${one})*$` },
      textRule(
        'isSetOf',
        (text) => text.split(',').every((part) => allowed.includes(part)),
        rule(message, { code: 'enum', allowed }),
      ),
    ),
    Transform(({ value }) => String(value).split(',')),
  );
}

/** A UUID, in lower case for the handler. */
export function QueryUuid(options: MemberOptions): PropertyDecorator {
  return applyDecorators(
    member(
      options,
      { type: 'string', format: 'uuid' },
      textRule('isUuid', isUuid, rule('must match format "uuid"', { code: 'format' })),
    ),
    Transform(({ value }) => String(value).toLowerCase()),
  );
}

/** A moment (RFC 3339), as a `Date` for the handler. */
export function QueryTime(options: MemberOptions): PropertyDecorator {
  return applyDecorators(
    member(
      options,
      { type: 'string', format: 'date-time' },
      textRule('isDateTime', isDateTime, rule('must match format "date-time"', { code: 'format' })),
    ),
    Type(() => Date),
  );
}

/** A text that `read` understands, as what `read` makes of it for the handler. */
export function QueryCursor<T>(read: (text: string) => T | undefined, options: MemberOptions): PropertyDecorator {
  return applyDecorators(
    member(
      options,
      { type: 'string' },
      textRule('isCursor', (text) => read(text) !== undefined, rule('must match format "cursor"', { code: 'format' })),
    ),
    Transform(({ value }) => read(value)),
  );
}
