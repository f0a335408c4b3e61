/**
 * Small enough that a statement stays far below DATABASE_STATEMENT_TIMEOUT_MS, and that others hardly notice when they wait
 * for one of its rows.
 */
const SIZE = 250;

/** Records that are written in one transaction. */
export async function* inBatches<T>(records: AsyncIterable<T>): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const record of records) {
    batch.push(record);
    if (batch.length < SIZE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/**
 * Records that are written by one statement: no two of one customer, so that the later one finds what the other left.
 * `keyOf` tells customers apart.
 */
export function inRounds<T>(records: T[], keyOf: (record: T) => string): T[][] {
  const rounds: T[][] = [];
  const seen = new Map<string, number>();
  for (const record of records) {
    const key = keyOf(record);
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    (rounds[round] ??= []).push(record);
  }
  return rounds;
}
