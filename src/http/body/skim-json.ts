import { createHash } from 'node:crypto';
import {
  BACKSLASH,
  CLOSING_BRACE,
  CLOSING_BRACKET,
  COMMA,
  JsonCursor,
  OPENING_BRACE,
  OPENING_BRACKET,
  QUOTE,
} from './json-cursor';

/** One more than the longest list that is allowed, so that a longer one still fails. */
const MAX_ITEMS = 101;

/** As many as an answer lists. */
const MAX_UNKNOWN = 100;

/** A list is a member of the body, never deeper; an object may be a member of one of its items. */
const LIST_DEPTH = 1;
const MAX_OBJECT_DEPTH = 3;

const omitted = new WeakMap<object, number>();
const digests = new WeakMap<object, string>();

/** How many unknown members of an object were left out by `skimJson`. */
export function omittedMembersOf(object: object): number {
  return omitted.get(object) ?? 0;
}

/** SHA-256 of the text from which `skimJson` made a value; undefined for every other value, which is complete. */
export function digestOfSkimmed(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null ? digests.get(value) : undefined;
}

/**
 * Parses only what the rules look at of a JSON text with very many values, which no route allows, so that it is refused
 * for the same reasons as the whole would be: known members, the beginning of lists, the first unknown members and the
 * number of the others. An unknown name that is repeated may be counted twice. Everything else is skipped.
 * @param known the names of all members that a rule knows, in ASCII.
 * @throws SyntaxError if the text is not JSON.
 */
export function skimJson(bytes: Buffer, start: number, known: ReadonlySet<string>): unknown {
  const value = new Skimmer(new JsonCursor(bytes, start), known).document();
  if (typeof value === 'object' && value !== null) {
    digests.set(value, createHash('sha256').update(bytes).digest('hex'));
  }
  return value;
}

/** The place of a number, a string or a literal, which is parsed only when it turns out to be the last of its name. */
class Scalar {
  constructor(
    readonly start: number,
    readonly end: number,
  ) {}
}

class Skimmer {
  /** How many unknown members are kept. */
  private kept = 0;

  constructor(
    private readonly cursor: JsonCursor,
    private readonly known: ReadonlySet<string>,
  ) {}

  document(): unknown {
    const value = this.complete(this.value(0));
    if (!Number.isNaN(this.cursor.next())) throw new SyntaxError();
    return value;
  }

  private value(depth: number): unknown {
    const { cursor } = this;
    const code = cursor.next();
    if (code === OPENING_BRACE) return depth <= MAX_OBJECT_DEPTH ? this.object(depth) : this.instead({});
    if (code === OPENING_BRACKET) return depth === LIST_DEPTH ? this.list(depth) : this.instead([]);
    cursor.passScalar();
    return new Scalar(cursor.start, cursor.position);
  }

  private complete(value: unknown): unknown {
    return value instanceof Scalar ? this.parse(value.start, value.end) : value;
  }

  private instead<T>(empty: T): T {
    this.cursor.passValue();
    return empty;
  }

  private list(depth: number): unknown[] {
    const { cursor } = this;
    const items: unknown[] = [];
    cursor.require(OPENING_BRACKET);
    if (cursor.passes(CLOSING_BRACKET)) return items;
    do {
      if (items.length < MAX_ITEMS) items.push(this.complete(this.value(depth + 1)));
      else cursor.passValue();
    } while (cursor.hasMore(CLOSING_BRACKET));
    return items;
  }

  private object(depth: number): object {
    const { cursor } = this;
    const members = new Map<string, unknown>();
    /** The names of unknown members as they are written. */
    const spellings = new Set<string>();
    let left = 0;
    cursor.require(OPENING_BRACE);
    if (cursor.passes(CLOSING_BRACE)) return {};
    do {
      const end = cursor.passName();
      const { start } = cursor;
      const quoted = cursor.text.slice(start, end);
      const name = unescape(quoted);
      if (this.known.has(name)) {
        members.set(name, this.value(depth + 1));
        continue;
      }
      cursor.passValue();
      const isKept = members.size === 0 || this.kept < MAX_UNKNOWN;
      if (!isKept) left++;
      else if (!spellings.has(quoted)) {
        spellings.add(quoted);
        if (members.size < members.set(this.parse(start, end) as string, null).size) this.kept++;
      }
    } while (cursor.hasMore(CLOSING_BRACE));
    // Other than an assignment this makes a member of `__proto__`, too.
    const object = Object.fromEntries([...members].map(([name, value]) => [name, this.complete(value)]));
    omitted.set(object, left);
    return object;
  }

  /** What is written between two positions, parsed. */
  private parse(start: number, end: number): unknown {
    return JSON.parse(this.cursor.bytes.toString('utf8', start, end));
  }
}

/** A name in quotes, as a text. A name that is not in ASCII is decoded wrongly, but is unknown either way. */
function unescape(quoted: string): string {
  return quoted.includes('\\') ? JSON.parse(quoted) : quoted.slice(1, -1);
}

/**
 * How many values the text of a JSON document has at most: one more than it has commas and opening brackets outside of
 * strings. Costs next to nothing, where to parse a document of a mebibyte may take a tenth of a second and 20 times its size.
 */
export function countValues(bytes: Buffer): number {
  let count = 1;
  let isInString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === BACKSLASH) i++;
    else if (byte === QUOTE) isInString = !isInString;
    else if (!isInString && (byte === COMMA || byte === OPENING_BRACKET || byte === OPENING_BRACE)) count++;
  }
  return count;
}
