import type { Violation } from '../errors/errors';

/** What a client is told of a broken constraint, and what the OpenAPI document says of it. */
export interface Rule {
  /** A stable name for clients. */
  code: string;
  /** What follows the place in a message. `args` are those of the decorator. */
  sentence: (args: readonly unknown[], nullable: boolean, value: unknown) => string;
  /** What a violation names beside its message. */
  details?: (args: readonly unknown[], nullable: boolean) => Pick<Violation, 'limit' | 'allowed'>;
  /** Keywords of JSON Schema; none where it has no word for the constraint. */
  schema?: (args: readonly unknown[], nullable: boolean) => object;
}

/**
 * The constraints of class-validator and of `decorators.ts` by their names, in the order in which the contract ("Validation
 * messages") reports them for one field.
 */
export const RULES: Readonly<Record<string, Rule>> = {
  isString: type('string'),
  isInt: type('integer'),
  isBoolean: type('boolean'),
  isObject: type('object'),
  isArray: type('array'),
  min: limit('minimum', 'minimum', (n) => `must be >= ${n}`),
  max: limit('maximum', 'maximum', (n) => `must be <= ${n}`),
  arrayMaxSize: limit('max_items', 'maxItems', (n) => `must NOT have more than ${n} items`),
  arrayMinSize: limit('min_items', 'minItems', (n) => `must NOT have fewer than ${n} items`),
  haveDifferentIds: { code: 'unique_items', sentence: () => 'must NOT have duplicate items' },
  areDifferentTexts: {
    code: 'unique_items',
    sentence: (_, __, value) => `must NOT have duplicate items (${duplicatesIn(value as unknown[])})`,
    schema: () => ({ uniqueItems: true }),
  },
  maxCharacters: limit('max_length', 'maxLength', (n) => `must NOT have more than ${n} characters`),
  minLength: limit('min_length', 'minLength', (n) => `must NOT have fewer than ${n} characters`),
  matches: {
    code: 'pattern',
    sentence: ([pattern]) => `must match pattern "${(pattern as RegExp).source}"`,
    schema: ([pattern]) => ({ pattern: (pattern as RegExp).source }),
  },
  isEmailAddress: format('email'),
  isUuid: format('uuid'),
  isDateTime: format('date-time'),
  isDate: format('date-time'),
  isCursor: { ...format('cursor'), schema: () => ({ type: 'string' }) },
  isListOf: allowed((texts) => ({ pattern: patternOf(texts as string[]) })),
  isIn: allowed((texts) => ({ enum: texts })),
  isInFuture: { code: 'future', sentence: () => 'must be in the future' },
  isWellFormed: { code: 'well_formed', sentence: () => 'must be well-formed text' },
};

/** The codes of all rules, in their order. */
export const RULE_CODES = [...new Set(Object.values(RULES).map(({ code }) => code))];

function type(name: string): Rule {
  return {
    code: 'type',
    sentence: (_, nullable) => `must be ${name}${nullable ? ',null' : ''}`,
    schema: () => ({ type: name }),
  };
}

function limit(code: string, keyword: string, sentence: (limit: unknown) => string): Rule {
  return {
    code,
    sentence: ([n]) => sentence(n),
    details: ([n]) => ({ limit: n as number }),
    schema: ([n]) => ({ [keyword]: n }),
  };
}

function format(name: string): Rule {
  const sentence = () => `must match format "${name}"`;
  return { code: 'format', sentence, schema: () => ({ type: 'string', format: name }) };
}

type Texts = readonly (string | null)[];

function allowed(keyword: (texts: Texts) => object): Rule {
  const textsOf = ([texts]: readonly unknown[], nullable: boolean) =>
    (nullable ? [...(texts as Texts), null] : texts) as Texts;
  return {
    code: 'enum',
    sentence: () => 'must be equal to one of the allowed values',
    details: (args, nullable) => ({ allowed: textsOf(args, nullable) }),
    schema: (args, nullable) => ({ type: 'string', ...keyword(textsOf(args, nullable)) }),
  };
}

function patternOf(allowed: readonly string[]): string {
  const one = `(${allowed.map((text) => text.replaceAll('.', '\\.')).join('|')})`;
  return `^${one}(,${one})*$`;
}

/** Names two equal texts as ajv does, which looks for them from the end. */
function duplicatesIn(list: unknown[]): string {
  const first = list.findLastIndex((item, i) => typeof item === 'string' && list.lastIndexOf(item) > i);
  return `items ## ${list.lastIndexOf(list[first])} and ${first} are identical`;
}
