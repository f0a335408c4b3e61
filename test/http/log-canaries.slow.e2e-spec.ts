import { Client } from 'pg';
import { SCOPES } from '../../src/api-keys/scopes';
import { Attack } from '../support/canaries';
import { withDatabase } from '../support/database';
import { makeAccount } from '../support/factories';
import { operationsOf } from '../support/operations';
import { ServiceProcess } from '../support/process';
import { databaseUrl, startService } from '../support/service';

const BOOM = `CREATE FUNCTION boom() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'CANARY %', to_jsonb(COALESCE(NEW, OLD)) USING DETAIL = 'CANARY', HINT = to_jsonb(NEW)::text; END $$`;

const TABLES = ['customers', 'api_keys', 'portal_sessions', 'webhooks'];

describe('The log', () => {
  it(
    'holds nothing of any request, whatever becomes of it, and one line for each',
    () =>
      withDatabase(async (url) => {
        const admin = new Client(url);
        admin.on('error', () => undefined);
        await admin.connect();
        const service = await startService({ databaseUrl: url, databaseLockTimeoutMs: 50 });
        const logged = ServiceProcess.start([], {
          ...{ DATABASE_URL: url, LOG_LEVEL: 'trace', DATABASE_LOCK_TIMEOUT_MS: '50', DATABASE_POOL_SIZE: '4' },
          ...{ WEBHOOK_SECRET_KEY: '0'.repeat(64), WEBHOOK_ALLOW_PRIVATE: 'true', WEBHOOK_WORKERS: '0' },
          ...{ DATABASE_CONNECT_TIMEOUT_MS: '500', RATE_LIMIT_PER_MINUTE: '1000000' },
        });
        const [, port = ''] = await logged.prints(/listening at http:\/\/127.0.0.1:(\d+)/);
        const account = await makeAccount(service, { scopes: [...SCOPES] });
        const attack = new Attack(account, Number(port), await operationsOf(service.url));
        const phases: Record<string, number[]> = {};
        try {
          phases.calm = await attack.everywhere();
          await attack.conflicts();
          await attack.heads();
          await admin.query(BOOM);
          for (const table of TABLES) {
            await admin.query(`CREATE TRIGGER boom BEFORE INSERT OR DELETE OR UPDATE ON ${table}
            FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION boom()`);
          }
          phases.broken = await attack.writes();
          for (const table of TABLES) await admin.query(`DROP TRIGGER boom ON ${table}`);
          await admin.query(`BEGIN; LOCK ${TABLES.filter((name) => name !== 'api_keys').join()} IN EXCLUSIVE MODE`);
          phases.locked = await attack.writes();
          await admin.query('ROLLBACK');
          await service.app.close();
          await takeAway(url);
          phases.gone = await attack.writes();
        } finally {
          await service.app.close();
          await admin.end();
          await logged.end('SIGTERM');
        }
        expect(phases.calm).toEqual(expect.arrayContaining([200, 201, 204, 400]));
        expect(phases.broken).toContain(500);
        expect(phases.locked).toContain(503);
        expect(new Set(phases.gone)).toEqual(new Set([503]));
        attack.check(logged.output);
      }),
    120_000,
  );
});

/** Leaves a database to nobody. */
async function takeAway(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  const admin = new Client(databaseUrl());
  await admin.connect();
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
  await admin.end();
}
