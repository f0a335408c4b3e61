import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { CustomerExport } from '../../src/customers/export/customer-export';
import { CustomerImport, type ImportOptions, type ImportSummary } from '../../src/customers/import/customer-import';
import type { Format } from '../../src/customers/import/format';
import type { Account } from './factories';
import { inTemporaryFolder } from './process';

/** The header of an export. */
export const EXPORT_COLUMNS =
  'id,seller_id,first_name,last_name,email,company_name,legal_entity,language,' +
  'address_data.street,address_data.city,address_data.postal_code,address_data.country,' +
  'postal_redirect_address.street,postal_redirect_address.city,postal_redirect_address.postal_code,' +
  'postal_redirect_address.country,status,source,created_at,updated_at';

export interface ImportOutcome extends Partial<ImportSummary> {
  /** The lines of the report, as the command prints them. */
  report: string[];
}

/** Imports a text as a file, within the process of the test. */
export function importText(
  { service, seller }: Account,
  format: Format,
  text: string | Buffer,
  { dryRun = false, ...options }: Partial<ImportOptions> = {},
): Promise<ImportOutcome> {
  return inTemporaryFolder(async (folder) => {
    const file = join(folder, `customers.${format}`);
    await writeFile(file, text);
    const report: string[] = [];
    const { dry_run, ...counts } = await service.app.get(CustomerImport).run(seller.id, file, {
      match: 'email',
      ...options,
      dryRun,
      signal: new AbortController().signal,
      onFailure: (line, problems) => report.push(`Line ${line}: ${problems.join('; ')}.`),
      onProgress: () => undefined,
    });
    expect(dry_run).toBe(dryRun);
    return { ...counts, report };
  });
}

export function importRecords(account: Account, records: object[], options = {}): Promise<ImportOutcome> {
  return importText(account, 'ndjson', records.map((record) => JSON.stringify(record)).join('\n'), options);
}

export async function exportText({ service, seller }: Account, format: Format): Promise<string> {
  return textOf(await service.app.get(CustomerExport).write(seller.id, format));
}

/** The stored customers of an account with their versions, oldest first, without the columns of the feed of events. */
export async function storedCustomers(account: Account): Promise<Record<string, any>[]> {
  const rows = await account.sql('SELECT * FROM customers WHERE seller_id = $1 ORDER BY created_at, id', [
    account.seller.id,
  ]);
  return JSON.parse(JSON.stringify(rows)).map(({ position: _, ...row }: Record<string, any>) => row);
}
