import type { Violation } from '../errors/errors';

/** What a client is told of a broken constraint, and what the OpenAPI document says of it. */
export interface Rule extends Pick<Violation, 'limit' | 'allowed'> {
  /** A stable name for clients, one of `RULE_CODES`. */
  code: string;
  /** What follows the place in a message. */
  sentence: string | ((list: unknown[]) => string);
  /** Keywords of JSON Schema; none where it has no word for the constraint. */
  schema?: Readonly<Record<string, unknown>>;
}

/**
 * By the name of a constraint, of class-validator or of `decorators.ts`, in the order in which the contract ("Validation
 * messages") reports what is wrong with one field. `#` stands for the argument of the decorator.
 */
const RULES: Readonly<Record<string, [code: string, sentence: Rule['sentence'], schema?: object]>> = {
  isString: ['type', 'must be string', { type: 'string' }],
  isInt: ['type', 'must be integer', { type: 'integer' }],
  isBoolean: ['type', 'must be boolean', { type: 'boolean' }],
  isObject: ['type', 'must be object', { type: 'object' }],
  isArray: ['type', 'must be array', { type: 'array' }],
  min: ['minimum', 'must be >= #', { minimum: '#' }],
  max: ['maximum', 'must be <= #', { maximum: '#' }],
  arrayMaxSize: ['max_items', 'must NOT have more than # items', { maxItems: '#' }],
  arrayMinSize: ['min_items', 'must NOT have fewer than # items', { minItems: '#' }],
  areDifferentTexts: ['unique_items', nameDuplicates, { uniqueItems: true }],
  haveDifferentIds: ['unique_items', 'must NOT have duplicate items'],
  maxCharacters: ['max_length', 'must NOT have more than # characters', { maxLength: '#' }],
  minLength: ['min_length', 'must NOT have fewer than # characters', { minLength: '#' }],
  matches: ['pattern', 'must match pattern "#"', { pattern: '#' }],
  isEmailAddress: ['format', 'must match format "email"', { type: 'string', format: 'email' }],
  isUuid: ['format', 'must match format "uuid"', { type: 'string', format: 'uuid' }],
  isDateTime: ['format', 'must match format "date-time"', { type: 'string', format: 'date-time' }],
  isDate: ['format', 'must match format "date-time"', { type: 'string', format: 'date-time' }],
  isCursor: ['format', 'must match format "cursor"', { type: 'string' }],
  isIn: ['enum', 'must be equal to one of the allowed values', { type: 'string', enum: '#' }],
  isInFuture: ['future', 'must be in the future'],
  isWellFormed: ['well_formed', 'must be well-formed text'],
};

/** The codes of all rules, in their order. */
export const RULE_CODES = [...new Set(Object.values(RULES).map(([code]) => code))];

/** The rule of a constraint, by its name, for the argument of its decorator. */
export function ruleOf(constraint: string, argument: unknown, nullable: boolean): Rule {
  const rule = RULES[constraint];
  if (!rule) throw new Error(`There is no rule for the constraint ${constraint}`);
  const [code, sentence, schema = {}] = rule;
  const limit = typeof argument === 'number' ? argument : undefined;
  const allowed = Array.isArray(argument) ? [...argument, ...(nullable ? [null] : [])] : undefined;
  const value = argument instanceof RegExp ? argument.source : argument;
  const filled = Object.entries(schema).map(([keyword, of]) => [keyword, of === '#' ? (allowed ?? value) : of]);
  const or = code === 'type' && nullable ? ',null' : '';
  const words = typeof sentence === 'string' ? sentence.replace('#', () => String(value)) + or : sentence;
  return { code, sentence: words, limit, allowed, schema: Object.fromEntries(filled) };
}

/** Names two equal texts as ajv does, which looks for them from the end. */
function nameDuplicates(list: unknown[]): string {
  const first = list.findLastIndex((item, i) => typeof item === 'string' && list.lastIndexOf(item) > i);
  return `must NOT have duplicate items (items ## ${list.lastIndexOf(list[first])} and ${first} are identical)`;
}
