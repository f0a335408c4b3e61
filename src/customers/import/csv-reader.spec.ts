import { type CsvCells, CsvReader } from './csv-reader';
import { MAX_BYTES, readLines } from './lines';

/** The first of them is taken for the header. */
async function read(text: string | Buffer): Promise<CsvCells[]> {
  async function* chunks() {
    yield Buffer.from(text as string);
  }
  const reader = new CsvReader(readLines({ encoding: 'utf-8', chunks: chunks() }));
  const records = [];
  for (let next = await reader.header(isKnown); next; next = await reader.next()) records.push(next);
  return records;
}

function isKnown(name: string): boolean {
  return name === 'known';
}

const NOT_CLOSED = 'a quote is not closed';
const QUOTE_WITHIN = 'a quote is within a cell: put the whole cell in quotes, and double each quote in it';
const TEXT_AFTER_QUOTE = 'a cell goes on after its closing quote: double each quote that belongs to the cell';

describe('Records of a CSV file', () => {
  it.each([
    ['a,b', ['a', 'b']],
    ['a,b\r\n', ['a', 'b']],
    [',', ['', '']],
    ['"a,b","say ""hi"""\n', ['a,b', 'say "hi"']],
    ['"",""', ['', '']],
    [' a , b ', [' a ', ' b ']],
    ['ab,"c\r"\r', ['ab', 'c\r']],
    ['=1+1,-2', ['=1+1', '-2']],
    ['a;b', ['a', 'b']],
    ['a,b;known', ['a,b', 'known']],
    ['"a;b",known\r', ['a;b', 'known']],
    ['a\tb', ['a', 'b']],
  ])('%j', async (text, cells) => {
    expect(await read(text)).toEqual([{ number: 1, cells }]);
  });

  it('have the separator that a line before the header names', async () => {
    for (const line of ['sep=|', '"SEP=|"', '\uFEFFsep=|\r']) {
      expect(await read(`${line}\na|b,c`)).toEqual([{ number: 2, cells: ['a', 'b,c'] }]);
    }
  });

  it('go on over lines within quotes, whose ends stay as they are', async () => {
    expect(await read('a,"b\r\n\nc""\n"\r\nd,e')).toEqual([
      { number: 1, cells: ['a', 'b\r\n\nc"\n'] },
      { number: 5, cells: ['d', 'e'] },
    ]);
  });

  it('are none for blank lines, and for lines of separators alone', async () => {
    expect(await read('\n \t\r\na\n, ,"",\nb\n')).toEqual([
      { number: 3, cells: ['a'] },
      { number: 5, cells: ['b'] },
    ]);
  });

  it.each([
    ['a,"b', NOT_CLOSED],
    ['5" pipe,b', NOT_CLOSED],
    ['a"b",c', QUOTE_WITHIN],
    ['"a"b,c', TEXT_AFTER_QUOTE],
    ['"a" ,c', TEXT_AFTER_QUOTE],
    ['a, "b"', QUOTE_WITHIN],
  ])('lose one line alone to wrong quotes: %s', async (line, problem) => {
    const good = Array.from({ length: 50 }, (_, i) => `x,${i}`);
    expect(await read(['c,d', line, ...good].join('\n'))).toEqual([
      { number: 1, cells: ['c', 'd'] },
      { number: 2, problem },
      ...good.map((_, i) => ({ number: i + 3, cells: ['x', `${i}`] })),
    ]);
  });

  it('lose one line alone to a quote that another line seems to close', async () => {
    expect(await read('a,"b\nc,d\ne,"f"\ng,h')).toEqual([
      { number: 1, problem: expect.stringContaining('a quote') },
      { number: 2, cells: ['c', 'd'] },
      { number: 3, cells: ['e', 'f'] },
      { number: 4, cells: ['g', 'h'] },
    ]);
  });

  it('are read to the end of the file after a quote that stays open for more than 64 KiB', async () => {
    const good = Array.from({ length: 20_000 }, (_, i) => `x,${i}`);
    const records = await read(['a,"b', ...good].join('\n'));
    expect(records).toHaveLength(20_001);
    expect(records[0]).toEqual({ number: 1, problem: NOT_CLOSED });
    expect(records.at(-1)).toEqual({ number: 20_001, cells: ['x', '19999'] });
  });

  it('are refused beyond 64 KiB, with all their lines', async () => {
    const half = 'x'.repeat(40_000);
    expect(await read(`a,"${half}\n${half}"\nb,c`)).toEqual([
      { number: 1, problem: 'it is longer than 64 KiB' },
      { number: 3, cells: ['b', 'c'] },
    ]);
  });

  it('are refused whole when one of their lines is not UTF-8', async () => {
    expect(await read(Buffer.concat([Buffer.from('a,"b\nc'), Buffer.from([0xff]), Buffer.from('"\nd,e\n')]))).toEqual([
      { number: 1, problem: expect.stringMatching(/^it is not valid UTF-8/) },
      { number: 3, cells: ['d', 'e'] },
    ]);
  });

  it('are none in an empty file, and in one with a separator alone', async () => {
    for (const text of ['', '\n \n', 'sep=;', 'sep=;\n\n']) expect(await read(text)).toEqual([]);
  });

  it('start at once where a line only looks as if it named the separator', async () => {
    expect(await read('xsep=|\na|b')).toEqual([
      { number: 1, cells: ['xsep=|'] },
      { number: 2, cells: ['a|b'] },
    ]);
    expect(await read('sep=||\na')).toHaveLength(2);
    expect(await read('sep=x\na')).toHaveLength(2);
  });

  it('go on over lines also after the header, may be blank in part, and have as many cells as they like', async () => {
    expect(await read('a,b\nc,"d\ne"\nf,\n,g\nh\ni,j,k')).toEqual([
      { number: 1, cells: ['a', 'b'] },
      { number: 2, cells: ['c', 'd\ne'] },
      { number: 4, cells: ['f', ''] },
      { number: 5, cells: ['', 'g'] },
      { number: 6, cells: ['h'] },
      { number: 7, cells: ['i', 'j', 'k'] },
    ]);
  });

  it('lose a header that another file was glued to them with, and nothing else after a mark', async () => {
    expect(await read('a,b\n1,2\uFEFFa,b\n3,4\uFEFFb,a\n')).toEqual([
      { number: 1, cells: ['a', 'b'] },
      { number: 2, cells: ['1', '2'] },
      { number: 3, cells: ['3', '4\uFEFFb', 'a'] },
    ]);
  });

  it('may have 64 KiB with the ends of their lines', async () => {
    const record = (bytes: number) => `"x\r\n${'y'.repeat(bytes - 6)}"`;
    expect(await read(`${record(MAX_BYTES)}`)).toEqual([{ number: 1, cells: [`x\r\n${'y'.repeat(MAX_BYTES - 6)}`] }]);
    expect(await read(`${record(MAX_BYTES + 1)}\nb`)).toEqual([
      { number: 1, problem: 'it is longer than 64 KiB' },
      { number: 3, cells: ['b'] },
    ]);
  });
});
