import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Cleanup } from './cleanup';
import { openDatabase } from './database';
import { applyLoad, type Target } from './load';
import { PATCH } from './operations';
import { latencies } from './report';
import { playRounds, requireSuccess, type Result, type Turn, warmUp } from './rounds';
import { createSeller, createWebhooks } from './seller';
import { startService, targetOf } from './service';
import { printTable, ratio } from './table';

const CONNECTIONS = 16;
const CUSTOMERS = 10_000;
const WEBHOOKS = 20;

const ENV = { WEBHOOK_SECRET_KEY: '0'.repeat(64), WEBHOOK_ALLOW_PRIVATE: 'true' };

interface WebhookTurn extends Turn {
  name: string;
}

/**
 * Shows what a change costs a seller with no webhook and one with twenty. First nobody delivers, so that only the change
 * counts; then a second instance delivers on the same machine.
 */
export async function measureWebhooks(
  cleanup: Cleanup,
  folder: string,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<void> {
  const databaseUrl = await openDatabase(cleanup, folder);
  const server = await startService(cleanup, databaseUrl, folder, { ...ENV, WEBHOOK_WORKERS: '0' });
  const without = await createSeller(cleanup, databaseUrl, CUSTOMERS, folder);
  const withWebhooks = await createSeller(cleanup, databaseUrl, CUSTOMERS, folder);
  const receiver = await startReceiver(cleanup);
  await createWebhooks(cleanup, databaseUrl, server.url, withWebhooks, receiver.url, WEBHOOKS, folder);
  const [none, twenty] = [targetOf(server, without), targetOf(server, withWebhooks)];
  for (const target of [none, twenty]) await warmUp(target, [PATCH]);

  const turnOf = (name: string, target: Target): WebhookTurn => ({
    name,
    label: name,
    play: () => applyLoad(target, PATCH, CONNECTIONS, { duration: seconds }),
  });
  const changes = await playRounds([turnOf('0 webhooks', none), turnOf('20 webhooks', twenty)], rounds);
  await startService(cleanup, databaseUrl, folder, { ...ENV, WEBHOOK_WORKERS: '20' });
  const delivering = await playRounds([turnOf('20 webhooks, delivered beside', twenty)], rounds);
  const results = [...changes, ...delivering];
  print(results, receiver.count());
  requireSuccess(results);
}

function print(results: Result<WebhookTurn>[], deliveries: number): void {
  const [base] = results;
  const rows = results.map(({ name, load }) => [
    name,
    load?.requestsPerSecond.toFixed(0) ?? '–',
    ratio(load?.requestsPerSecond, base?.load?.requestsPerSecond),
    latencies(load),
    ratio(load?.p50, base?.load?.p50),
  ]);
  printTable([[`${CONNECTIONS} connections`, 'changes/s', 'ratio', 'p50, p99 ms', 'ratio of p50'], ...rows]);
  console.log(`Ratios are to 0 webhooks. Medians of the rounds. ${deliveries} deliveries arrived.`);
}

async function startReceiver(cleanup: Cleanup): Promise<{ url: string; count: () => number }> {
  let count = 0;
  const server = cleanup.make(
    () =>
      createServer((request, response) => {
        count++;
        request.resume().on('end', () => response.writeHead(204).end());
      }).listen(0, '127.0.0.1'),
    async (listening) => {
      listening.close();
      listening.closeAllConnections();
    },
  );
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, count: () => count };
}
