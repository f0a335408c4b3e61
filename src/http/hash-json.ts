import { createHash } from 'node:crypto';

/** Text that goes into the hash as it is. */
class Token {
  constructor(readonly text: string) {}
}

/**
 * SHA-256 of a JSON value in which the order of members makes no difference. Without recursion, as a body may be nested
 * so deep that every recursive library overflows the stack.
 */
export function hashJson(value: unknown): Buffer {
  const hash = createHash('sha256');
  const stack: unknown[] = [value];
  while (stack.length > 0) {
    const item = stack.pop();
    if (item instanceof Token) hash.update(item.text);
    else if (typeof item !== 'object' || item === null) hash.update(JSON.stringify(item) ?? 'null');
    else for (const part of partsOf(item).reverse()) stack.push(part);
  }
  return hash.digest();
}

function partsOf(container: object): unknown[] {
  if (Array.isArray(container)) return [new Token('['), ...container.flatMap((item) => [item, COMMA]), new Token(']')];
  const members = Object.entries(container).sort(([one], [other]) => (one < other ? -1 : 1));
  return [
    new Token('{'),
    ...members.flatMap(([name, value]) => [new Token(`${JSON.stringify(name)}:`), value, COMMA]),
    new Token('}'),
  ];
}

const COMMA = new Token(',');
