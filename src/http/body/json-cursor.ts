const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const COMMA = 0x2c;
const COLON = 0x3a;
const ZERO = 0x30;
const NINE = 0x39;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const SPACE = 0x20;
export const OPENING_BRACKET = 0x5b;
export const OPENING_BRACE = 0x7b;
export const CLOSING_BRACKET = 0x5d;
export const CLOSING_BRACE = 0x7d;

/** Makes a lower-case letter of an upper-case one. */
const LOWER = 0x20;

const ESCAPABLE = Buffer.from('"\\/bfnrt');
const LITERALS = ['true', 'false', 'null'].map((text) => Buffer.from(text));

/**
 * Goes through a JSON text (RFC 8259) token by token and makes nothing of it, so that a mebibyte takes some milliseconds
 * and no memory, whatever is in it. Throws a SyntaxError where the text is no JSON.
 */
export class JsonCursor {
  /** Where the last string, number or literal began. */
  start = 0;

  /** The opening brackets around the value that is being skipped. */
  private open = new Uint8Array(64);

  constructor(
    readonly bytes: Buffer,
    public position: number,
  ) {}

  /** The first byte of the next token; undefined at the end. */
  next(): number | undefined {
    const { bytes } = this;
    let byte = bytes[this.position];
    while (byte !== undefined && byte <= SPACE && isSpace(byte)) byte = bytes[++this.position];
    return byte;
  }

  /** Passes a token of one byte, if it is the next. */
  passes(byte: number): boolean {
    if (this.next() !== byte) return false;
    this.position++;
    return true;
  }

  require(byte: number): void {
    if (!this.passes(byte)) throw new SyntaxError();
  }

  /** Passes a comma, and returns true; or what closes the container, and returns false. */
  hasMore(closing: number): boolean {
    if (this.passes(COMMA)) return true;
    this.require(closing);
    return false;
  }

  /** Passes a name, which `start` then leads to, and its colon. Returns where the name ends. */
  passName(): number {
    if (this.next() !== QUOTE) throw new SyntaxError();
    this.start = this.position;
    this.passString();
    const end = this.position;
    this.require(COLON);
    return end;
  }

  /** Passes a string, a number or a literal, from `start` to `position`. */
  passScalar(): void {
    const byte = this.next();
    this.start = this.position;
    if (byte === QUOTE) this.passString();
    else if (byte === MINUS || isDigit(byte)) this.passNumber();
    else this.passLiteral();
  }

  /** Passes a value of any kind, however deep it is. */
  passValue(): void {
    let depth = 0;
    do {
      const byte = this.next();
      if (byte !== OPENING_BRACE && byte !== OPENING_BRACKET) {
        this.passScalar();
      } else {
        this.position++;
        if (!this.passes(closingOf(byte))) {
          this.enter(depth++, byte);
          continue;
        }
      }
      while (depth > 0 && !this.hasMore(closingOf(this.open[depth - 1]))) depth--;
      if (depth > 0 && this.open[depth - 1] === OPENING_BRACE) this.passName();
    } while (depth > 0);
  }

  private enter(depth: number, byte: number): void {
    if (depth === this.open.length) {
      const larger = new Uint8Array(depth * 2);
      larger.set(this.open);
      this.open = larger;
    }
    this.open[depth] = byte;
    if (byte === OPENING_BRACE) this.passName();
  }

  private passString(): void {
    const { bytes } = this;
    let i = this.position + 1;
    for (let byte = bytes[i]; byte !== QUOTE; byte = bytes[i]) {
      if (byte === undefined || byte < SPACE) throw new SyntaxError();
      i = byte === BACKSLASH ? this.endOfEscape(i) : i + 1;
    }
    this.position = i + 1;
  }

  private endOfEscape(position: number): number {
    const byte = this.bytes[position + 1] ?? 0;
    if (ESCAPABLE.includes(byte)) return position + 2;
    if (byte !== LOWER_U) throw new SyntaxError();
    for (let i = position + 2; i < position + 6; i++) if (!isHexDigit(this.bytes[i])) throw new SyntaxError();
    return position + 6;
  }

  private passNumber(): void {
    const { bytes } = this;
    if (bytes[this.position] === MINUS) this.position++;
    if (bytes[this.position] === ZERO) this.position++;
    else this.passDigits();
    if (bytes[this.position] === DOT) {
      this.position++;
      this.passDigits();
    }
    if (((bytes[this.position] ?? 0) | LOWER) !== LOWER_E) return;
    this.position++;
    const sign = bytes[this.position];
    if (sign === PLUS || sign === MINUS) this.position++;
    this.passDigits();
  }

  private passDigits(): void {
    const { bytes } = this;
    if (!isDigit(bytes[this.position])) throw new SyntaxError();
    do this.position++;
    while (isDigit(bytes[this.position]));
  }

  private passLiteral(): void {
    const { bytes, position } = this;
    const found = LITERALS.find((literal) => literal.every((byte, i) => bytes[position + i] === byte));
    if (!found) throw new SyntaxError();
    this.position += found.length;
  }
}

function closingOf(byte: number | undefined): number {
  return byte === OPENING_BRACE ? CLOSING_BRACE : CLOSING_BRACKET;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const letter = byte | LOWER;
  return isDigit(byte) || (letter >= 0x61 && letter <= 0x66);
}
