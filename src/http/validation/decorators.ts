import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { Matches, MinLength, ValidateBy, ValidateIf, type ValidationOptions } from 'class-validator';
import { countCharacters, isDateTime, isEmailAddress, isUuid, isWellFormedText } from './formats';

/*
 * What class-validator lacks, or understands in another way than JSON Schema does. `rules.ts` has the sentence for each name.
 */

/** The field may be absent and, if it is nullable, null. class-validator's `@IsOptional()` would let null pass everywhere. */
export function Optional({ nullable = false } = {}): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined && !(nullable && value === null));
}

/** Counts Unicode code points, as JSON Schema does; `@MaxLength()` counts variation selectors in another way. */
export function MaxCharacters(max: number): PropertyDecorator {
  // A code point is one or two of what `length` counts, so that only few texts have to be counted.
  const isShort = (text: string) => text.length <= max || (text.length <= 2 * max && countCharacters(text) <= max);
  return ForText('maxCharacters', isShort, [max]);
}

export const IsNotBlank = () => applyDecorators(MinLength(1), Matches(/\S/));

export const IsWellFormed = () => ForText('isWellFormed', isWellFormedText);

export const IsEmailAddress = () => ForText('isEmailAddress', isEmailAddress);

/** A UUID of any version; `@IsUUID()` takes only those that are standardised. */
export const IsUuid = () => ForText('isUuid', isUuid);

export const IsDateTime = () => ForText('isDateTime', isDateTime);

/** Ignores texts that are no date and time, which `@IsDateTime()` reports. */
export const IsInFuture = () => ForText('isInFuture', (text) => !isDateTime(text) || Date.parse(text) > Date.now());

/** Texts must be different. Items that are not texts are ignored here, as the rules of items report them. */
export const AreDifferentTexts = () => HasDifferent('areDifferentTexts', (item) => item);

/** No two objects have the same `id`, in whatever letter case. */
export const HaveDifferentIds = () =>
  HasDifferent(
    'haveDifferentIds',
    (item) => (item as { id?: unknown } | null)?.id,
    (id) => id.toLowerCase(),
  );

/** A text that `read` understands. A query holds what `read` makes of it. */
export function IsCursor(read: (text: string) => unknown): PropertyDecorator {
  const validate = (value: unknown) => (typeof value === 'string' ? read(value) !== undefined : !Array.isArray(value));
  return applyDecorators(ToValue(read), ValidateBy({ name: 'isCursor', validator: { validate } }));
}

/** A query parameter: one or several of a few texts, separated by commas, as an array for the handler. */
export function IsListOf(allowed: readonly string[]): PropertyDecorator {
  const validate = (value: unknown) => Array.isArray(value) && value.every((item) => allowed.includes(item));
  return applyDecorators(
    Transform(({ value }) => (typeof value === 'string' ? value.split(',') : [value])),
    ValidateBy({ name: 'isListOf', constraints: [allowed], validator: { validate } }),
  );
}

/** A query parameter: a whole number. One with too many digits becomes the largest number. */
export function ToInteger(): PropertyDecorator {
  const { MAX_VALUE: max } = Number;
  return ToValue((text) => (/^-?\d+$/.test(text) ? Math.max(-max, Math.min(Number(text), max)) : undefined));
}

/** A query parameter: `true` or `false`. */
export const ToBoolean = () => ToValue((text) => ({ true: true, false: false })[text]);

/** A query parameter: a date and time (RFC 3339). */
export const ToDate = () => ToValue((text) => (isDateTime(text) ? new Date(text) : undefined));

export const ToLowerCase = () => ToValue((text) => text.toLowerCase());

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

/** For a list whose items have different keys. A key that is not a text does not count. */
function HasDifferent(
  name: string,
  keyOf: (item: unknown) => unknown,
  normalize = (key: string) => key,
): PropertyDecorator {
  const validate = (list: unknown) => {
    const keys = Array.isArray(list)
      ? list
          .map(keyOf)
          .filter((key) => typeof key === 'string')
          .map(normalize)
      : [];
    return new Set(keys).size === keys.length;
  };
  return ValidateBy({ name, validator: { validate } });
}
