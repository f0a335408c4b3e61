const SPACE = 0x20;
const COLON = 0x3a;
export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
export const OPENING_BRACKET = 0x5b;
export const OPENING_BRACE = 0x7b;
export const CLOSING_BRACKET = 0x5d;
export const CLOSING_BRACE = 0x7d;

/** A string, number or literal of RFC 8259, in a text of which each character is a byte. */
const SCALAR =
  /"[ !#-[\]-\xff]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[ !#-[\]-\xff]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * Goes through a JSON text token by token without making values of it, so that a mebibyte takes little time and memory,
 * whatever is in it. Throws a SyntaxError if the text is not JSON.
 */
export class JsonCursor {
  /** Where the last string, number or literal began. */
  start = 0;

  /** The bytes as characters, so that positions are the same in both. */
  readonly text: string;

  /** The brackets that close the containers around the value that is being skipped. */
  private open = new Uint8Array(64);

  constructor(
    readonly bytes: Buffer,
    public position: number,
  ) {
    this.text = bytes.toString('latin1');
  }

  /** The first character code of the next token; NaN at the end. */
  next(): number {
    const { text } = this;
    let code = text.charCodeAt(this.position);
    while (code <= SPACE && isSpace(code)) code = text.charCodeAt(++this.position);
    return code;
  }

  /** Passes a token of one character, if it is the next. */
  passes(code: number): boolean {
    if (this.next() !== code) return false;
    this.position++;
    return true;
  }

  require(code: number): void {
    if (!this.passes(code)) throw new SyntaxError();
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
    this.passScalar();
    const end = this.position;
    this.require(COLON);
    return end;
  }

  /** Passes a string, a number or a literal, from `start` to `position`. */
  passScalar(): void {
    const code = this.next();
    this.start = this.position;
    // The shortest tokens, of which a text can have the most, are found without the slower expression.
    const following = this.text.charCodeAt(this.position + 1);
    if (code === QUOTE && following === QUOTE) this.position += 2;
    else if (isDigit(code) && isDelimiter(following)) this.position += 1;
    else this.passByExpression();
  }

  private passByExpression(): void {
    SCALAR.lastIndex = this.position;
    if (!SCALAR.test(this.text)) throw new SyntaxError();
    this.position = SCALAR.lastIndex;
  }

  /** Passes a value of any kind, however deep it is. */
  passValue(): void {
    let depth = 0;
    do {
      const code = this.next();
      if (code !== OPENING_BRACE && code !== OPENING_BRACKET) {
        this.passScalar();
      } else {
        const closing = code === OPENING_BRACE ? CLOSING_BRACE : CLOSING_BRACKET;
        this.position++;
        if (!this.passes(closing)) {
          this.enter(depth++, closing);
          continue;
        }
      }
      while (depth > 0 && !this.hasMore(this.open[depth - 1] as number)) depth--;
      if (depth > 0 && this.open[depth - 1] === CLOSING_BRACE) this.passName();
    } while (depth > 0);
  }

  private enter(depth: number, closing: number): void {
    if (depth === this.open.length) {
      const larger = new Uint8Array(depth * 2);
      larger.set(this.open);
      this.open = larger;
    }
    this.open[depth] = closing;
    if (closing === CLOSING_BRACE) this.passName();
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isDelimiter(code: number): boolean {
  return code === COMMA || code === CLOSING_BRACKET || code === CLOSING_BRACE;
}

function isSpace(code: number): boolean {
  return code === SPACE || code === 0x0a || code === 0x0d || code === 0x09;
}
