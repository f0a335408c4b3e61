import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy, ValidateIf } from 'class-validator';
import { declareMember, type Member } from './members';
import { countCharacters, isWellFormedText } from './text';

/** The codes of the rules, in the order in which the contract ("Validation messages") reports them for a member. */
export const RULE_ORDER = [
  'type',
  'minimum',
  'maximum',
  'max_items',
  'min_items',
  'unique_items',
  'max_length',
  'min_length',
  'pattern',
  'format',
  'enum',
  'future',
  'well_formed',
] as const;

/** What class-validator carries along with each rule, and a violation repeats. */
export interface RuleContext {
  code: (typeof RULE_ORDER)[number];
  limit?: number;
  allowed?: readonly (string | null)[];
}

export interface MemberOptions {
  description: string;
  example: unknown;
  nullable?: boolean;
  required?: boolean;
}

/** The rules of what a member holds, where class-validator does not see them. */
type Inside = Pick<Member, 'nested' | 'itemFaults'>;

/** Makes a property a member of its DTO, with its rules and its schema. */
export function member(
  { nullable = false, required = false, nested, itemFaults, ...documentation }: MemberOptions & Inside,
  rules: object,
  ...decorators: PropertyDecorator[]
): PropertyDecorator {
  const schema = { ...rules, ...documentation, nullable };
  /** What class-validator looks at, member by member: of a whole DTO it would also run the rules of what is not there. */
  class Alone {}
  const declaration: Member = {
    alone: Alone,
    nullable,
    required,
    schema,
    ...(nested && { nested }),
    ...(itemFaults && { itemFaults }),
  };
  return applyDecorators(
    (target: object, key: string | symbol = '') => {
      declareMember(target, String(key), declaration);
      for (const decorate of decorators) decorate(Alone.prototype, key);
    },
    ApiProperty({ ...schema, ...(nested ? { selfRequired: required } : { required }) }),
    ValidateIf((_, value) => value !== undefined && !(nullable && value === null)),
    ...decorators,
  );
}

export function hasAtMost(max: number): PropertyDecorator {
  const options = rule(`must NOT have more than ${max} characters`, { code: 'max_length', limit: max });
  return textRule('hasAtMost', (text) => countCharacters(text) <= max, options);
}

export function isWellFormed(): PropertyDecorator {
  return textRule('isWellFormed', isWellFormedText, rule('must be well-formed text', { code: 'well_formed' }));
}

/** A rule that only texts can keep. */
export function textRule(
  name: string,
  holds: (text: string) => boolean,
  options: ReturnType<typeof rule>,
): PropertyDecorator {
  return ValidateBy({ name, validator: { validate: (value) => typeof value === 'string' && holds(value) } }, options);
}

export function rule(message: string, context: RuleContext) {
  return { message, context };
}
