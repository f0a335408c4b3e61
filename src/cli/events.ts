import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { BEGINNING, type EventPosition, type EventType, writeEventCursor } from '../events/event';
import { dataOutput, printError, safeJson } from '../terminal';
import { eventCursor, eventTypes, uuid } from './arguments';
import { CUSTOMER, examples, runQuietly, SELLER } from './command';
import { watchReader } from './reader';
import type { Services } from './services';

interface TailOptions {
  seller: string;
  after?: EventPosition | 'latest';
  type?: EventType[];
  customer?: string;
  /** False with --no-follow. */
  follow: boolean;
}

/** As many as a page of the API may hold. */
const PAGE = 500;
const POLL_MS = 500;

const DETAILS = `
Each line is an event as GET /api/events shows it. At the end, by Ctrl-C too, the cursor to go on from is said on stderr.`;

export function addEventCommands(program: Command): void {
  const events = program
    .command('events')
    .description('what happened to the customers of sellers')
    .addHelpText('after', examples(`events tail --seller ${SELLER}`));

  events
    .command('tail')
    .description('print the events of a seller, oldest first, and go on with new ones as they come (NDJSON)')
    .requiredOption('--seller <id>', 'whose events', uuid)
    .option(
      '--after <cursor>',
      'where to start: a next_cursor of the feed, or "latest" for new events alone (the oldest)',
      startOf,
    )
    .option('--type <list>', 'comma-separated, such as customer.deleted (all)', eventTypes)
    .option('--customer <id>', 'events of this customer alone', uuid)
    .option('--no-follow', 'end where the feed ends now')
    .addHelpText('after', DETAILS)
    .addHelpText(
      'after',
      examples(
        `events tail --seller ${SELLER} --after latest`,
        `events tail --seller ${SELLER} --customer ${CUSTOMER} --no-follow | jq .changes`,
      ),
    )
    .action((options: TailOptions) => tail(options));
}

async function tail({ seller, follow, after, type, customer }: TailOptions): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  await runQuietly(async (services) => {
    await services.sellers.get(seller);
    const feed = new Feed(services, seller, { type, customer_id: customer }, after);
    let isRead = true;
    const endWatch = watchReader(() => {
      isRead = false;
      stop.abort();
    });
    try {
      await pipeline(feed.lines(follow, stop.signal), dataOutput(), { end: false });
    } catch (error) {
      // A reader such as `head` has enough: it is unknown how much of the last page it took.
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') return;
      feed.printCursor();
      throw error;
    } finally {
      endWatch();
    }
    if (isRead) feed.printCursor();
  });
}

/** The events after a cursor, which moves on with each page that is handed out. */
class Feed {
  /** Unknown until the first page when only new events are wanted. */
  private cursor: string | undefined;

  constructor(
    private readonly services: Services,
    private readonly seller: string,
    private readonly filter: { type?: EventType[]; customer_id?: string },
    private after?: EventPosition | 'latest',
  ) {
    if (after !== 'latest') this.cursor = writeEventCursor(after ?? BEGINNING);
  }

  /** Page by page, so that a slow reader is waited for. */
  async *lines(follow: boolean, stop: AbortSignal): AsyncIterable<string> {
    const [events, { toEventPageDto }] = await Promise.all([this.services.events(), import('../events/events.dto.js')]);
    while (!stop.aborted || !this.cursor) {
      const page = await events.page(this.seller, { ...this.filter, limit: PAGE, after: this.after });
      const { data, next_cursor, has_more } = toEventPageDto(page);
      if (data.length > 0) yield data.map((event) => `${safeJson(event)}\n`).join('');
      this.after = page.next;
      this.cursor = next_cursor;
      if (has_more) continue;
      if (!follow) return;
      // Ends early when the command is interrupted, which the loop then sees.
      await sleep(POLL_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  }

  printCursor(): void {
    if (this.cursor) printError(`Go on with --after ${this.cursor}`);
  }
}

function startOf(text: string): EventPosition | 'latest' {
  return text === 'latest' ? text : eventCursor(text);
}
