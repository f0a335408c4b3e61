import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { loadConfig } from './config/config';
import { reportFailure } from './failure';
import { Lifetime } from './lifetime';
import { startTracing } from './tracing/start';

async function start(lifetime: Lifetime): Promise<void> {
  const { values } = parseArgs({ options: { embedded: { type: 'boolean', default: false } } });
  const config = loadConfig();
  lifetime.atEnd(await startTracing(config));
  // Modules that are traced have to be loaded after the start of tracing.
  const { serve } = await import('./serve.js');
  await serve(config, lifetime, { allowEmbedded: values.embedded });
}

new Lifetime().run(start).catch(reportFailure);
