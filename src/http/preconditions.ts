/** An element of a list that is a strong tag, and one of those that versions have. */
const STRONG_VERSION = /(?<=^|,)[ \t]*"([1-9]\d{0,9})"[ \t]*(?=,|$)/g;

/** What an If-Match header asks for: that there is a resource at all, or that it has one of these versions. */
export type IfMatch = '*' | number[];

/**
 * Reads an If-Match header (RFC 9110, section 13.1.1), whose comparison is strong: a weak or malformed tag is of no version.
 * @returns undefined when there is no such header.
 */
export function parseIfMatch(header: string | undefined): IfMatch | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return '*';
  return [...header.matchAll(STRONG_VERSION)].map(([, version]) => Number(version));
}
