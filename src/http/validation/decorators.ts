import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { Matches, MinLength, ValidateBy, ValidateIf, type ValidationOptions } from 'class-validator';
import { countCharacters, isDateTime, isEmailAddress, isUuid, isWellFormedText } from './formats';

/*
 * What class-validator lacks, or understands in another way than JSON Schema does. How a broken constraint is worded stands in
 * `rules.ts`, by its name.
 */

/** The field may be absent and, if it is nullable, null. class-validator's `@IsOptional()` would let null pass everywhere. */
export function Optional({ nullable = false } = {}): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined && !(nullable && value === null));
}

/** Counts Unicode code points, as JSON Schema does; `@MaxLength()` counts variation selectors in another way. */
export function MaxCharacters(max: number): PropertyDecorator {
  return ForText('maxCharacters', (text) => countCharacters(text) <= max, [max]);
}

export function IsNotBlank(): PropertyDecorator {
  return applyDecorators(MinLength(1), Matches(/\S/));
}

export function IsWellFormed(): PropertyDecorator {
  return ForText('isWellFormed', isWellFormedText);
}

export function IsEmailAddress(): PropertyDecorator {
  return ForText('isEmailAddress', isEmailAddress);
}

/** Of any version; `@IsUUID()` knows those that are standardised. */
export function IsUuid(): PropertyDecorator {
  return ForText('isUuid', isUuid);
}

export function IsDateTime(): PropertyDecorator {
  return ForText('isDateTime', isDateTime);
}

/** What is not a moment at all breaks `@IsDateTime()` alone. */
export function IsInFuture(): PropertyDecorator {
  return ForText('isInFuture', (text) => !isDateTime(text) || Date.parse(text) > Date.now());
}

/** No text is there twice. What is not a text breaks the rules of items. */
export function AreDifferentTexts(): PropertyDecorator {
  return ForList('areDifferentTexts', (list) => list.filter((item) => typeof item === 'string'));
}

/** No two objects have the same `id`, in whatever letter case. */
export function HaveDifferentIds(): PropertyDecorator {
  return ForList('haveDifferentIds', (list) =>
    list.flatMap((item) => {
      const { id } = (item ?? {}) as { id?: unknown };
      return typeof id === 'string' ? [id.toLowerCase()] : [];
    }),
  );
}

/** A text that `read` understands. A query holds what `read` makes of it. */
export function IsCursor(read: (text: string) => unknown): PropertyDecorator {
  const validate = (value: unknown) => (typeof value === 'string' ? read(value) !== undefined : !Array.isArray(value));
  return applyDecorators(
    ToValue((text) => read(text)),
    ValidateBy({ name: 'isCursor', validator: { validate } }),
  );
}

/** Of a query: one or several of a few texts, separated by commas, as an array for the handler. */
export function IsListOf(allowed: readonly string[]): PropertyDecorator {
  const validate = (value: unknown) => Array.isArray(value) && value.every((item) => allowed.includes(item));
  return applyDecorators(
    Transform(({ value }) => (typeof value === 'string' ? value.split(',') : [value])),
    ValidateBy({ name: 'isListOf', constraints: [allowed], validator: { validate } }),
  );
}

/** Of a query: a whole number. More digits than a number can have are still one. */
export function ToInteger(): PropertyDecorator {
  const { MAX_VALUE } = Number;
  return ToValue((text) =>
    /^-?\d+$/.test(text) ? Math.max(-MAX_VALUE, Math.min(Number(text), MAX_VALUE)) : undefined,
  );
}

/** Of a query: `true` or `false`. */
export function ToBoolean(): PropertyDecorator {
  return ToValue((text) => ({ true: true, false: false })[text]);
}

/** Of a query: a moment (RFC 3339). */
export function ToDate(): PropertyDecorator {
  return ToValue((text) => (isDateTime(text) ? new Date(text) : undefined));
}

export function ToLowerCase(): PropertyDecorator {
  return ToValue((text) => text.toLowerCase());
}

/** What can't be read stays a text, and a parameter that is repeated an array, for the constraints to refuse. */
function ToValue(read: (text: string) => unknown): PropertyDecorator {
  return Transform(({ value }) => (typeof value === 'string' ? (read(value) ?? value) : value));
}

export function ForText(
  name: string,
  holds: (text: string) => boolean,
  constraints: unknown[] = [],
  options?: ValidationOptions,
): PropertyDecorator {
  const validate = (value: unknown) => typeof value === 'string' && holds(value);
  return ValidateBy({ name, constraints, validator: { validate } }, options);
}

function ForList(name: string, keysOf: (list: unknown[]) => string[]): PropertyDecorator {
  const validate = (value: unknown) => {
    const keys = Array.isArray(value) ? keysOf(value) : [];
    return new Set(keys).size === keys.length;
  };
  return ValidateBy({ name, validator: { validate } });
}
