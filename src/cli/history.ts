import type { Command } from 'commander';
import type { HistoryEntryDto } from '../history/history.dto';
import { uuid } from './arguments';
import { CUSTOMER, examples, SELLER } from './help';
import { type OutputOptions, run } from './run';

/** As many as a page of the API may hold. */
const PAGE = 100;

export function addHistoryCommand(customers: Command): void {
  customers
    .command('history')
    .description('print who changed what of a customer and when, newest first')
    .argument('<customer id>', 'as in the answers of the API', uuid)
    .requiredOption('--seller <id>', 'whose customer it is', uuid)
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples(`customers history --seller ${SELLER} ${CUSTOMER}`))
    .action((id: string, { seller, ...options }: OutputOptions & { seller: string }) =>
      run(
        options,
        async (services) => {
          await services.sellers.get(seller);
          const { toHistoryPageDto } = await import('../history/history.dto.js');
          const history = await services.history();
          const data: HistoryEntryDto[] = [];
          let below: number | undefined;
          do {
            const page = await history.page(seller, id, PAGE, below);
            data.push(...toHistoryPageDto(page).data);
            below = page.next ?? undefined;
          } while (below !== undefined);
          return { data };
        },
        ({ data }) => data.flatMap(describe),
      ),
    );
}

function describe({ version, type, created_at, actor, request_id, changes }: HistoryEntryDto): string[] {
  const by = actor.type === 'cli' ? 'the command line' : `the key ${JSON.stringify(actor.name)} (${actor.id})`;
  const request = request_id === null ? '' : `, request ${request_id}`;
  const members = Object.entries(changes).map(([name, change]) => {
    return `  ${name}: ${JSON.stringify(change.old)} -> ${JSON.stringify(change.new)}`;
  });
  return [`Version ${version}, ${created_at}: ${type} by ${by}${request}`, ...members];
}
