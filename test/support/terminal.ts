/** A title of the window, colours, a second line, a bell by one byte, letters that run backwards, and a filler. */
export const HOSTILE =
  'x\u001b]0;owned\u0007\u001b[31m\nsecond line\r\u009b2J\u0085\u202eevil\u2066\u2028\u200b\ufeff\u3164\u{e0041}';
const UNSAFE = /\p{Cc}|[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u3164]|\u{e0041}/u;

/** What a terminal should not get, but for the ends of lines. */
export function unsafeIn(text: string): string[] {
  return [...text.replaceAll('\n', '')].filter((character) => UNSAFE.test(character));
}
