import { isBlank, type Line, withoutMark } from './lines';
import type { RawRecord } from './records';

/** Reads a JSON value from each line that is not blank. */
export async function* readNdjson(lines: AsyncIterable<Line>): AsyncGenerator<RawRecord> {
  for await (const line of lines) {
    if (!isBlank(line)) yield parseLine(withoutMark(line));
  }
}

function parseLine({ number, text, problem }: Line): RawRecord {
  if (problem) return { number, problem };
  try {
    return { number, value: JSON.parse(text) };
  } catch {
    return { number, problem: 'it is not valid JSON' };
  }
}
