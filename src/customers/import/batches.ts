import { type FileRecord, isGood } from './records';

/**
 * Small enough for a statement to stay far below the time limit of a statement, which is the service's
 * (DATABASE_STATEMENT_TIMEOUT_MS), and for those who wait for one of its rows to hardly notice.
 */
const SIZE = 250;

/** Records that are written together: no two of one customer, so that the later one finds what the earlier one left. */
export async function* inBatches(records: AsyncIterable<FileRecord>): AsyncGenerator<FileRecord[]> {
  let batch: FileRecord[] = [];
  const emails = new Set<string>();
  for await (const record of records) {
    const email = isGood(record) ? emailKey(record.members) : undefined;
    if (batch.length === SIZE || (email !== undefined && emails.has(email))) {
      yield batch;
      batch = [];
      emails.clear();
    }
    batch.push(record);
    if (email !== undefined) emails.add(email);
  }
  if (batch.length > 0) yield batch;
}

/** The email as the unique index has it. Emails are ASCII, where lower case is the same for everybody. */
export function emailKey({ email }: { email: string }): string {
  return email.toLowerCase();
}
