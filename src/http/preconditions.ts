const TAG = '(?:W/)?"[\\x21\\x23-\\x7e\\x80-\\xff]*"';
/** Elements of a list may be empty (RFC 9110, section 5.6.1). */
const LIST = new RegExp(`^(?:[ \\t]*(?:${TAG}[ \\t]*)?,)*[ \\t]*(?:${TAG}[ \\t]*)?$`);

/** A strong tag of the form that versions have. */
const STRONG_VERSION = /(?<=^|,)[ \t]*"([1-9]\d{0,9})"[ \t]*(?=,|$)/g;

/** What an If-Match header asks for: that there is a resource at all, or that it has one of these versions. */
export type IfMatch = '*' | number[];

/**
 * Reads an If-Match header (RFC 9110, section 13.1.1), whose comparison is strong: a weak tag is of no version, and what is
 * malformed names none at all.
 * @returns undefined when there is no such header.
 */
export function parseIfMatch(header: string | undefined): IfMatch | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return '*';
  if (!LIST.test(header)) return [];
  return [...header.matchAll(STRONG_VERSION)].map(([, version]) => Number(version));
}
