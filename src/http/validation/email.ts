const ATOM = "[a-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const EMAIL = new RegExp(`^${ATOM}(?:\\.${ATOM})*@(?:${LABEL}\\.)+${LABEL}$`, 'i');

/**
 * Whether a text is an email address in the sense of JSON Schema validators (ajv-formats, full mode): the dot-atom of
 * RFC 5322 before the @, and at least two labels of RFC 1034 after it. Narrower than class-validator's `isEmail` in
 * some places (no quoted or non-ASCII local part) and wider in others (a top-level label may be numeric).
 */
export function isEmailAddress(text: string): boolean {
  return EMAIL.test(text);
}
