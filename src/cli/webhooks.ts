import type { Command } from 'commander';
import type { EventPosition } from '../events/event';
import type { TestResultDto } from '../webhooks/dto/delivery.dto';
import type { WebhookDto } from '../webhooks/dto/webhook.dto';
import { eventCursor, uuid } from './arguments';
import { CURSOR, examples, type OutputOptions, run, SELLER, WEBHOOK } from './command';

interface WebhookOptions extends OutputOptions {
  seller: string;
}

export function addWebhookCommands(program: Command): void {
  const webhooks = program
    .command('webhooks')
    .description('where sellers are told of events')
    .addHelpText('after', examples(`webhooks list --seller ${SELLER}`, `webhooks test --seller ${SELLER} ${WEBHOOK}`));
  addListCommand(webhooks);
  addTestCommand(webhooks);
  addReplayCommand(webhooks);
}

function addListCommand(webhooks: Command): void {
  webhooks
    .command('list')
    .description('print all webhooks of a seller, newest first')
    .requiredOption('--seller <id>', 'whose webhooks', uuid)
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples(`webhooks list --seller ${SELLER}`))
    .action(({ seller, ...options }: WebhookOptions) =>
      run(
        options,
        async (services) => {
          await services.sellers.get(seller);
          const { toWebhookDto } = await import('../webhooks/dto/webhook.dto.js');
          return services.withWebhooks(async (all) => ({ data: (await all.list(seller)).map(toWebhookDto) }));
        },
        ({ data }) => (data.length > 0 ? data.map(describe) : 'The seller has no webhooks.'),
      ),
    );
}

function addTestCommand(webhooks: Command): void {
  webhooks
    .command('test')
    .description('send an event that means nothing, from this machine, and print what the receiver says')
    .argument('<webhook id>', 'as in the list', uuid)
    .requiredOption('--seller <id>', 'whose webhook', uuid)
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples(`webhooks test --seller ${SELLER} ${WEBHOOK}`))
    .action((id: string, { seller, ...options }: WebhookOptions) =>
      run(
        options,
        async (services): Promise<TestResultDto> => {
          const { status_code, duration_ms, error } = await services.withWebhooks((_, deliveries) =>
            deliveries.test(seller, id),
          );
          if (error !== null) process.exitCode = 1;
          return { status_code, duration_ms, error };
        },
        ({ status_code, duration_ms, error }) =>
          error === null
            ? `The receiver answered ${status_code} after ${duration_ms} ms.`
            : `No success after ${duration_ms} ms: ${error}.`,
      ),
    );
}

function addReplayCommand(webhooks: Command): void {
  webhooks
    .command('replay')
    .description('have everything after a place in the feed sent again')
    .argument('<webhook id>', 'as in the list', uuid)
    .requiredOption('--seller <id>', 'whose webhook', uuid)
    .requiredOption('--after <cursor>', 'a next_cursor of the feed of events', eventCursor)
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples(`webhooks replay --seller ${SELLER} --after ${CURSOR} ${WEBHOOK}`))
    .action((id: string, { seller, after, ...options }: WebhookOptions & { after: EventPosition }) =>
      run(
        options,
        async (services) => {
          const { toWebhookDto } = await import('../webhooks/dto/webhook.dto.js');
          return services.withWebhooks(async (_, deliveries) =>
            toWebhookDto(await deliveries.replay(seller, id, after)),
          );
        },
        ({ id, status }) =>
          `Everything since then will be sent again to webhook ${id}${status === 'enabled' ? '' : ' once it is enabled'}.`,
      ),
    );
}

function describe({ id, url, event_types, description, status }: WebhookDto): string {
  return [id, status, url, event_types.join(','), description].filter(Boolean).join('  ');
}
