const TAG = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

/**
 * Whether an If-None-Match header names a tag, by the weak comparison that RFC 9110, section 13.1.2, prescribes for it:
 * `W/"7"` and `"7"` are the same.
 */
export function matchesWeakly(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return [...header.matchAll(TAG)].some(([, opaque]) => opaque === tag);
}
