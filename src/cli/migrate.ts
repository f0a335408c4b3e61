import type { Command } from 'commander';
import type { Config } from '../config/config';
import { printLine } from '../terminal';
import { count } from './arguments';
import { examples, reportingFailure } from './command';

interface MigrateOptions {
  down?: number;
  yes?: boolean;
}

export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('bring the database up to date, or undo what was done last')
    .option('--down <number>', 'undo so many migrations, the last one first', count)
    .option('--yes', 'with --down: do it, with the data that only they hold')
    .addHelpText('after', examples('migrate', 'migrate --down 1', 'migrate --down 1 --yes'))
    .action((options: MigrateOptions) => reportingFailure(() => run(options)));
}

async function run({ down, yes = false }: MigrateOptions): Promise<void> {
  const [{ loadConfig }, { findDatabase }] = await Promise.all([
    import('../config/config.js'),
    import('../embedded-postgres/open-database.js'),
  ]);
  const config = loadConfig();
  if (config.databasePooler === 'transaction' && !config.migrationDatabaseUrl)
    throw new Error('Migrations can not pass a pooler: set MIGRATION_DATABASE_URL, past the pooler.');
  const url = config.migrationDatabaseUrl ?? (await findDatabase(config));
  if (down !== undefined) return undo(url, config, { down, yes });
  const { migrate } = await import('../database/migrate.js');
  const done = await migrate(url, config);
  printLine(done.length > 0 ? `Migrated: ${done.join(', ')}.` : 'The database is up to date.');
}

async function undo(url: string, { pgoptions }: Config, { down, yes }: Required<MigrateOptions>): Promise<void> {
  const { lastMigrations, migrateDown } = await import('../database/migrate.js');
  if (!yes) {
    const names = await lastMigrations(url, down, pgoptions);
    throw new Error(
      `Nothing was undone. This would undo ${names.join(', ')}, and lose the data that only they hold. ` +
        'Stop the service, make a dump, and add --yes.',
    );
  }
  printLine(`Undone: ${(await migrateDown(url, down, pgoptions)).join(', ')}.`);
}
