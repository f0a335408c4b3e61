import { Readable } from 'node:stream';
import { type Line, MAX_BYTES, readLines } from './lines';

async function read(...chunks: (string | Buffer)[]): Promise<Line[]> {
  async function* source() {
    yield* chunks.map((chunk) => Buffer.from(chunk as string));
  }
  return Readable.from(readLines({ encoding: 'utf-8', chunks: source() })).toArray();
}

describe('Lines', () => {
  it('end in LF, CRLF or CR, and the last one also in nothing', async () => {
    expect(await read('a\nb\r\n\nc\rd\r\r\n e')).toEqual([
      { number: 1, text: 'a', end: '\n', bytes: 1 },
      { number: 2, text: 'b', end: '\r\n', bytes: 1 },
      { number: 3, text: '', end: '\n', bytes: 0 },
      { number: 4, text: 'c', end: '\r', bytes: 1 },
      { number: 5, text: 'd', end: '\r', bytes: 1 },
      { number: 6, text: '', end: '\r\n', bytes: 0 },
      { number: 7, text: ' e', end: '', bytes: 2 },
    ]);
    for (const end of ['\n', '\r', '\r\n']) expect(await read(`a${end}`)).toHaveLength(1);
    expect(await read()).toEqual([]);
  });

  it('are the same wherever the chunks end, within a character or an end too', async () => {
    const bytes = Buffer.from('\uFEFFJörg\r\n\u{1f600}\rx\n\r');
    const whole = await read(bytes);
    expect(whole.map(({ text }) => text)).toEqual(['\uFEFFJörg', '\u{1f600}', 'x', '']);
    expect(await read(...[...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
  });

  it('that are not UTF-8 say so', async () => {
    const [good, bad, last] = await read('ä\n', Buffer.from([0x61, 0xe4, 0x0a]), 'z');
    expect([good?.problem, bad?.problem, last?.problem]).toEqual([
      undefined,
      expect.stringMatching(/^it is not valid UTF-8/),
      undefined,
    ]);
  });

  it('are refused beyond 64 KiB', async () => {
    const [most, more, next] = await read('x'.repeat(MAX_BYTES), '\n', 'x'.repeat(MAX_BYTES), 'x', '\nz');
    expect(most).toMatchObject({ number: 1, text: 'x'.repeat(MAX_BYTES) });
    expect(most?.problem).toBeUndefined();
    expect(more).toMatchObject({ number: 2, text: '', problem: 'it is longer than 64 KiB' });
    expect(next).toMatchObject({ number: 3, text: 'z' });
  });
});
