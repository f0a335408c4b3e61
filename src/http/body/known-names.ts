const BACKSLASH = 0x5c;
const LOWER_U = 0x75;

interface KnownName {
  name: string;
  bytes: Buffer;
}

/** Finds out whether a name in a JSON text is one of a few, all in ASCII, without making a string of it. */
export class KnownNames {
  private readonly byLength = new Map<number, KnownName[]>();
  /** A name without its escapes. */
  private readonly plain: Buffer;

  constructor(names: Iterable<string>) {
    for (const name of names) {
      const known = { name, bytes: Buffer.from(name) };
      this.byLength.set(name.length, [...(this.byLength.get(name.length) ?? []), known]);
    }
    this.plain = Buffer.alloc(Math.max(...this.byLength.keys()));
  }

  /** The known name that is written, well-formed, between two positions. */
  find(bytes: Buffer, start: number, end: number): string | undefined {
    const length = this.unescape(bytes, start, end);
    return this.byLength.get(length)?.find(({ bytes: known }) => this.isPlain(known))?.name;
  }

  private isPlain(known: Buffer): boolean {
    for (let i = 0; i < known.length; i++) if (this.plain[i] !== known[i]) return false;
    return true;
  }

  /** Returns the length of the name, or -1 when it is longer than all that are known. */
  private unescape(bytes: Buffer, start: number, end: number): number {
    let length = 0;
    for (let i = start; i < end; i++) {
      if (length === this.plain.length) return -1;
      let byte = bytes[i] as number;
      if (byte === BACKSLASH) {
        // The others stand for characters that no name has.
        if (bytes[++i] !== LOWER_U) return -1;
        byte = codeOf(bytes, i + 1);
        if (byte > 0x7f) return -1;
        i += 4;
      }
      this.plain[length++] = byte;
    }
    return length;
  }
}

function codeOf(bytes: Buffer, start: number): number {
  let code = 0;
  for (let i = start; i < start + 4; i++) {
    const digit = bytes[i] as number;
    code = code * 16 + (digit <= 0x39 ? digit - 0x30 : (digit | 0x20) - 0x57);
  }
  return code;
}
