import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Cleanup } from './cleanup';
import { compare } from './comparison';
import { measureGrowth } from './growth';
import { measureWebhooks } from './webhooks';

const CHART = join(__dirname, '../../../test/bench/chart.svg');

/** A DATABASE_URL has to name an empty database; without one, an embedded PostgreSQL is started. */
async function benchmark(cleanup: Cleanup): Promise<void> {
  const options = parseOptions();
  const folder = cleanup.make(
    () => mkdtempSync(join(tmpdir(), 'bench-')),
    (path) => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  );
  const measure = options.growth ? measureGrowth : options.webhooks ? measureWebhooks : compare;
  await measure(cleanup, folder, options);
}

function parseOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      chart: { type: 'string', default: CHART },
      growth: { type: 'boolean', default: false },
      'ten-million': { type: 'boolean', default: false },
      webhooks: { type: 'boolean', default: false },
    },
  });
  const { rounds, seconds, chart, growth, 'ten-million': tenMillion, webhooks } = values;
  const isWhole = (text: string) => /^[1-9]\d*$/.test(text);
  if (![rounds, seconds].every(isWhole)) throw new Error('--rounds and --seconds take a whole number above 0.');
  if (tenMillion && !growth) throw new Error('--ten-million goes with --growth.');
  if (webhooks && growth) throw new Error('--webhooks and --growth are two runs.');
  return { rounds: Number(rounds), seconds: Number(seconds), chart, growth, tenMillion, webhooks };
}

async function main(): Promise<void> {
  const cleanup = new Cleanup();
  let isInterrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      isInterrupted = true;
      void cleanup.run().then(() => process.exit(130));
    });
  }
  try {
    await benchmark(cleanup);
  } catch (error) {
    process.exitCode = 1;
    // What an interruption breaks is no news.
    if (!isInterrupted) console.error((error as Error).message);
  } finally {
    await cleanup.run();
  }
}

void main();
