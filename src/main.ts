import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { loadConfig } from './config/config';
import { reportFailure } from './failure';
import { Lifetime } from './lifetime';

async function start(lifetime: Lifetime): Promise<void> {
  const { values } = parseArgs({ options: { embedded: { type: 'boolean', default: false } } });
  const config = loadConfig();
  // Not before: a wrong setting is reported without loading all the rest.
  const { serve } = await import('./serve.js');
  await serve(config, lifetime, { allowEmbedded: values.embedded });
}

new Lifetime().run(start).catch(reportFailure);
