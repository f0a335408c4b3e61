import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { createApp } from '../app';
import { parseConfig } from '../config/config';
import { createDocument } from '../http/openapi';

export function addOpenApiCommand(program: Command): void {
  program
    .command('openapi')
    .description('write the OpenAPI document, without a database')
    .argument('<file>', 'where to write it, as JSON')
    .action(async (file: string) => {
      const app = await createApp(parseConfig({ LOG_LEVEL: 'silent' }));
      await writeFile(file, `${JSON.stringify(createDocument(app), null, 2)}\n`);
      await app.close();
    });
}
