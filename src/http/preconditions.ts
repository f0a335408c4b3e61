const TAG = '(?:W/)?"[\\x21\\x23-\\x7e\\x80-\\xff]*"';
/** Elements of a list may be empty (RFC 9110, section 5.6.1). */
const LIST = new RegExp(`^(?:[ \\t]*(?:${TAG}[ \\t]*)?,)*[ \\t]*(?:${TAG}[ \\t]*)?$`);

/** A strong tag of the form that versions have. */
const STRONG_VERSION = /(?<=^|,)[ \t]*"([1-9]\d{0,9})"[ \t]*(?=,|$)/g;

const TAGS = new RegExp(TAG, 'g');

/**
 * What an If-Match header asks for: that there is a resource at all, or that it has one of these versions. A header
 * without a single strong tag can't be met, and says nothing of what its sender knows.
 */
export type IfMatch = '*' | number[] | 'no strong tag';

/**
 * Reads an If-Match header (RFC 9110, section 13.1.1), whose comparison is strong: a weak tag is of no version, and what is
 * malformed names none at all. Strong tags that no version has, such as `"x"`, are tags all the same.
 * @returns undefined when there is no such header.
 */
export function parseIfMatch(header: string | undefined): IfMatch | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return '*';
  if (!LIST.test(header) || !header.match(TAGS)?.some((tag) => tag.startsWith('"'))) return 'no strong tag';
  return [...header.matchAll(STRONG_VERSION)].map(([, version]) => Number(version));
}

const ANY_TAG = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

/**
 * Whether an If-None-Match header names a tag, by the weak comparison that RFC 9110, section 13.1.2, prescribes for it:
 * `W/"7"` and `"7"` are the same.
 */
export function matchesWeakly(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return [...header.matchAll(ANY_TAG)].some(([, opaque]) => opaque === tag);
}
