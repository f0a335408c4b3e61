import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { examples, reportingFailure } from './command';
import { requireFolderOf } from './export';

export function addOpenApiCommand(program: Command): void {
  program
    .command('openapi')
    .description('write the OpenAPI document, without a database')
    .argument('<file>', 'where to write it, as JSON')
    .addHelpText('after', examples('openapi openapi.json'))
    .action((file: string) => reportingFailure(() => writeDocument(file)));
}

async function writeDocument(file: string): Promise<void> {
  await requireFolderOf(file);
  const [{ createApp }, { parseConfig }, { createDocument }] = await Promise.all([
    import('../app.js'),
    import('../config/config.js'),
    import('../http/openapi/openapi.js'),
  ]);
  const app = await createApp(parseConfig({ LOG_LEVEL: 'silent', WEBHOOK_SECRET_KEY: '0'.repeat(64) }));
  await writeFile(file, `${JSON.stringify(createDocument(app), null, 2)}\n`);
  await app.close();
}
