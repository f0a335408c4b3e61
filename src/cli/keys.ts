import type { Command } from 'commander';
import type { ApiKey } from '../api-keys/api-key.entity';
import { ApiKeysService } from '../api-keys/api-keys.service';
import type { Scope } from '../http/caller';
import { futureTime, name, scopes, uuid } from './arguments';
import { type OutputOptions, run } from './run';

interface CreateOptions extends OutputOptions {
  seller: string;
  name: string;
  scopes?: Scope[];
  expiresAt?: Date;
}

export function addKeyCommands(program: Command): void {
  const keys = program.command('keys').description('the API keys of sellers');

  keys
    .command('create')
    .requiredOption('--seller <id>', 'whose key it is', uuid)
    .requiredOption('--name <name>', 'what uses the key', name)
    .option('--scopes <list>', 'comma-separated (customers:read,customers:write)', scopes)
    .option('--expires-at <time>', 'ISO 8601 (never)', futureTime)
    .option('--json', 'print one JSON object')
    .action((options: CreateOptions) =>
      run(
        options,
        (services) =>
          services.get(ApiKeysService).create(options.seller, {
            name: options.name,
            scopes: options.scopes,
            expires_at: options.expiresAt,
          }),
        ({ id, key }) => `Created key ${id}. This is the only time that it is shown:\n${key}`,
      ),
    );

  keys
    .command('revoke')
    .argument('<key id>', 'the id, not the key itself', uuid)
    .option('--json', 'print one JSON object')
    .action((id: string, options: OutputOptions) =>
      run(
        options,
        (services) => services.get(ApiKeysService).revoke(id),
        (key) => `Revoked key ${key.id} (${key.name}).`,
      ),
    );

  keys
    .command('list')
    .requiredOption('--seller <id>', 'whose keys', uuid)
    .option('--json', 'print one JSON object')
    .action((options: OutputOptions & { seller: string }) =>
      run(
        options,
        async (services) => ({ data: await services.get(ApiKeysService).listAll(options.seller) }),
        ({ data }) => data.map(describe).join('\n') || 'The seller has no keys.',
      ),
    );
}

function describe({ id, prefix, name, scopes, revoked_at, expires_at }: ApiKey): string {
  const end = revoked_at ? describeRevocation(revoked_at) : expires_at && `expires ${expires_at.toISOString()}`;
  return [id, `${prefix}…`, name, scopes.join(','), end].filter(Boolean).join('  ');
}

/** A rotated key may live on for a while. */
function describeRevocation(time: Date): string {
  return `${time <= new Date() ? 'revoked' : 'will be revoked'} ${time.toISOString()}`;
}
