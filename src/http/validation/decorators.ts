import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { Matches, MinLength, ValidateBy, ValidateIf, type ValidationOptions } from 'class-validator';
import { countCharacters, isDateTime, isEmailAddress, isUuid, isWellFormedText } from './formats';
import { type Rule, ruleOf } from './rules';

/*
 * What class-validator lacks, or understands in another way than JSON Schema does. `rules.ts` has the sentence for each name.
 */

/** The field may be absent and, if it is nullable, null. class-validator's `@IsOptional()` would let null pass everywhere. */
export function Optional({ nullable = false } = {}): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined && !(nullable && value === null));
}

/** For a name or the like: not longer than `maxLength`, not blank, and well-formed. */
export function IsText({ maxLength }: { maxLength: number }): PropertyDecorator {
  return applyDecorators(MaxCharacters(maxLength), MinLength(1), Matches(/\S/), IsWellFormed());
}

/** Counts Unicode code points, as JSON Schema does; `@MaxLength()` counts variation selectors in another way. */
export function MaxCharacters(max: number): PropertyDecorator {
  // A code point is one or two of what `length` counts, so that only few texts have to be counted.
  const isShort = (text: string) => text.length <= max || (text.length <= 2 * max && countCharacters(text) <= max);
  return ForText('maxCharacters', isShort, [max]);
}

export const IsWellFormed = () => ForText('isWellFormed', isWellFormedText);

export const IsEmailAddress = () => ForText('isEmailAddress', isEmailAddress);

/** A UUID of any version; `@IsUUID()` takes only those that are standardised. */
export const IsUuid = () => ForText('isUuid', isUuid);

export const IsDateTime = () => ForText('isDateTime', isDateTime);

/** Ignores texts that are no date and time, which `@IsDateTime()` reports. */
export const IsInFuture = () => ForText('isInFuture', (text) => !isDateTime(text) || Date.parse(text) > Date.now());

/** A constraint of texts. A feature's own has its rule as `context`. */
export function ForText(
  name: string,
  holds: (text: string) => boolean,
  constraints: unknown[] = [],
  options?: ValidationOptions,
): PropertyDecorator {
  const validate = (value: unknown) => typeof value === 'string' && holds(value);
  return ValidateBy({ name, constraints, validator: { validate } }, options);
}

/** No two texts of a list are equal. Other items do not count, as the rules of items report them. */
export const AreDifferentTexts = () => ValidateBy({ name: 'areDifferentTexts', validator: { validate: areDifferent } });

/** No two objects of a list have the same `id`, in whatever letter case. */
export function HaveDifferentIds(): PropertyDecorator {
  const idOf = (item: { id?: unknown } | null) => (typeof item?.id === 'string' ? item.id.toLowerCase() : undefined);
  const validate = (list: ({ id?: unknown } | null)[]) => areDifferent(list.map(idOf));
  return ValidateBy({ name: 'haveDifferentIds', validator: { validate } });
}

function areDifferent(list: unknown[]): boolean {
  const texts = list.filter((item) => typeof item === 'string');
  return new Set(texts).size === texts.length;
}

/** A text that `read` understands. A query holds what `read` makes of it. */
export function IsCursor(read: (text: string) => unknown): PropertyDecorator {
  const validate = (value: unknown) => (typeof value === 'string' ? read(value) !== undefined : !Array.isArray(value));
  return applyDecorators(ToValue(read), ValidateBy({ name: 'isCursor', validator: { validate } }));
}

/** A query parameter: one or several of a few texts, separated by commas, as an array for the handler. */
export function IsListOf(allowed: readonly string[]): PropertyDecorator {
  const one = `(${allowed.map((text) => text.replaceAll('.', '\\.')).join('|')})`;
  const schema = { type: 'string', pattern: `^${one}(,${one})*$` };
  const context: Rule = { ...ruleOf('isIn', allowed, false), schema };
  const validate = (value: unknown) => Array.isArray(value) && value.every((item) => allowed.includes(item));
  return applyDecorators(
    Transform(({ value }) => (typeof value === 'string' ? value.split(',') : [value])),
    ValidateBy({ name: 'isListOf', validator: { validate } }, { context }),
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
