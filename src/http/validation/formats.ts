const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const ATOM = "[a-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const EMAIL = new RegExp(`^${ATOM}(?:\\.${ATOM})*@(?:${LABEL}\\.)+${LABEL}$`, 'i');

const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** Whether a text is a UUID of any version, in any letter case. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/**
 * Whether a text is an email address in the sense of JSON Schema validators (ajv-formats, full mode): the dot-atom of
 * RFC 5322 before the @, and at least two labels of RFC 1034 after it. Narrower than class-validator's `isEmail` in
 * some places (no quoted or non-ASCII local part) and wider in others (a top-level label may be numeric).
 */
export function isEmailAddress(text: string): boolean {
  return EMAIL.test(text);
}

/**
 * Whether a text is a moment as RFC 3339, section 5.6, writes it, and one that the service can write back in that form.
 * A leap second is refused, because JavaScript does not know it.
 */
export function isDateTime(text: string): boolean {
  if (!DATE_TIME.test(text) || !isInCalendar(text.slice(0, 10))) return false;
  const year = new Date(text).getUTCFullYear();
  return year >= 0 && year <= 9999;
}

/** JavaScript takes February 30 for March 1. */
function isInCalendar(date: string): boolean {
  return new Date(`${date}T00:00Z`).toJSON()?.startsWith(date) ?? false;
}

/** The number of Unicode code points, which is what JSON Schema counts. */
export function countCharacters(text: string): number {
  return [...text].length;
}

/** Whether PostgreSQL can store a text as it is: no NUL (in neither text nor jsonb) and no surrogate without its pair. */
export function isWellFormedText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
