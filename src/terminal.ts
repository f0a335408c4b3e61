import type { Writable } from 'node:stream';

/**
 * What a terminal could take for a command, or would not show: control characters, line breaks, Unicode's invisible
 * characters, among them those that turn the direction of a text, and halves of surrogate pairs. Variation selectors may
 * stay: they belong to emoji.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u2800]|(?![\ufe00-\ufe0f])\p{Default_Ignorable_Code_Point}/gu;

const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text in which everything that is unsafe on a terminal stands as its escape, such as `\u001b`. */
export function visible(text: string): string {
  return text.replace(UNSAFE, (character) => SHORT[character] ?? escapeOf(character));
}

/** JSON on one line that holds nothing unsafe, and means the same. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (character) => character.split('').map(escapeOf).join(''));
}

/** Prints a line for people. Whatever it was made of, it stays one line. */
export function printLine(line: string): void {
  process.stdout.write(`${visible(line)}\n`);
}

export function printJson(value: object): void {
  process.stdout.write(`${safeJson(value)}\n`);
}

/** The same as `printLine`, on stderr. */
export function printError(line: string): void {
  process.stderr.write(`${visible(line)}\n`);
}

/** Whether people see what is printed. */
export function isTerminal(): boolean {
  return process.stdout.isTTY === true;
}

/** For what is not made for people, such as an export. On a terminal, what is written here has to be safe already. */
export function dataOutput(): Writable {
  return process.stdout;
}

/** A reader such as `head` may have enough: that is not a failure. Any other error is handed over. */
export function onOutputFailure(report: (error: Error) => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') report(error);
    });
  }
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
