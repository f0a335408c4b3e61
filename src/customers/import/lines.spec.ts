import { Readable } from 'node:stream';
import { type Line, MAX_BYTES, readLines } from './lines';

async function read(...chunks: (string | Buffer)[]): Promise<Line[]> {
  async function* source() {
    yield* chunks.map((chunk) => Buffer.from(chunk as string));
  }
  return Readable.from(readLines(source())).toArray();
}

describe('Lines', () => {
  it('end in LF or CRLF, and the last one in either or nothing', async () => {
    expect(await read('a\nb\r\n\nc\r d')).toEqual([
      { number: 1, text: 'a', end: '\n', bytes: 1 },
      { number: 2, text: 'b', end: '\r\n', bytes: 2 },
      { number: 3, text: '', end: '\n', bytes: 0 },
      { number: 4, text: 'c\r d', end: '', bytes: 4 },
    ]);
    expect(await read('a\n')).toHaveLength(1);
    expect(await read()).toEqual([]);
  });

  it('are the same wherever the chunks end, within a character too', async () => {
    const bytes = Buffer.from('\uFEFFJörg\r\n\u{1f600}\n');
    const whole = await read(bytes);
    expect(whole.map(({ text }) => text)).toEqual(['Jörg', '\u{1f600}']);
    expect(await read(...[...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
  });

  it('lose a byte order mark at the start of the file alone', async () => {
    expect((await read('\uFEFFa\n\uFEFFb')).map(({ text }) => text)).toEqual(['a', '\uFEFFb']);
  });

  it('that are not UTF-8 say so', async () => {
    const [good, bad, last] = await read('ä\n', Buffer.from([0x61, 0xe4, 0x0a]), 'z');
    expect([good?.problem, bad?.problem, last?.problem]).toEqual([undefined, 'Line is not valid UTF-8', undefined]);
  });

  it('are refused beyond 64 KiB', async () => {
    const [most, more, next] = await read('x'.repeat(MAX_BYTES), '\n', 'x'.repeat(MAX_BYTES), 'x', '\nz');
    expect(most).toMatchObject({ number: 1, text: 'x'.repeat(MAX_BYTES) });
    expect(most?.problem).toBeUndefined();
    expect(more).toMatchObject({ number: 2, text: '', problem: 'Line is too large: more than 64 KiB' });
    expect(next).toMatchObject({ number: 3, text: 'z' });
  });
});
