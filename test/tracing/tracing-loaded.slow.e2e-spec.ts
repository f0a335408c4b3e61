import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useServiceWithDatabase } from '../support/database';
import { makeAccount } from '../support/factories';
import { request } from '../support/http';
import { inTemporaryFolder, ServiceProcess } from '../support/process';
import { TraceReceiver } from '../support/trace-receiver';

describe('Traces, as they are switched on', () => {
  const service = useServiceWithDatabase();

  it('go where a .env file says, and are not even loaded without a collector', () =>
    inTemporaryFolder(async (folder) => {
      const receiver = await TraceReceiver.start();
      const { key } = await makeAccount(service);
      const env = { DATABASE_URL: service.databaseUrl, RATE_LIMIT_PER_MINUTE: '0' };
      const listing = join(folder, 'list.cjs');
      await writeFile(
        listing,
        `process.on('exit', () => {
          const of = (file) => /node_modules.(@opentelemetry.[^/\\\\]+|(?:require|import)-in-the-middle)/.exec(file)?.[1];
          console.log('LOADED ' + [...new Set(Object.keys(require.cache).map(of))].filter(Boolean).join());
        });`,
      );
      const loaded = async (cwd?: string) => {
        const started = ServiceProcess.start([], { ...env, NODE_OPTIONS: `--require ${listing}` }, cwd);
        await request('GET', `${await started.url()}/api/me`, { key });
        await started.end('SIGTERM');
        return (await started.prints(/LOADED (.*)/))[1];
      };
      // The metrics of the process need this one, with or without traces.
      expect(await loaded()).toBe('@opentelemetry/api');
      await writeFile(join(folder, '.env'), `OTEL_EXPORTER_OTLP_ENDPOINT=${receiver.url}\n`);
      expect(await loaded(folder)).toContain('@opentelemetry/sdk-trace-node');
      expect(receiver.spans.map(({ name }) => name)).toContain('GET /api/me');
      await receiver.stop();
    }));
});
