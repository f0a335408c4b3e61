const STRONG_VERSION = /^"([1-9]\d{0,9})"$/;
const TAGS = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

/** What an If-Match header asks for: that there is a resource at all, or that it has one of these versions. */
export type IfMatch = '*' | number[];

/**
 * Reads an If-Match header (RFC 9110, section 13.1.1), whose comparison is strong: a weak or malformed tag is of no version.
 * @returns undefined when there is no such header.
 */
export function parseIfMatch(header: string | undefined): IfMatch | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return '*';
  const isList = header.replace(TAGS, '').replace(/[\s,]/g, '') === '';
  return isList ? versionsIn(header) : [];
}

function versionsIn(list: string): number[] {
  return [...list.matchAll(TAGS)].flatMap(([tag]) => STRONG_VERSION.exec(tag)?.[1] ?? []).map(Number);
}
