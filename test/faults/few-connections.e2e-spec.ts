import { Client as Database } from 'pg';
import { Client, countByStatus, type Outcome, p99 } from '../support/client';
import { withDatabase } from '../support/database';
import { makeAccount } from '../support/factories';
import { freePort } from '../support/free-port';
import { ServiceProcess } from '../support/process';
import { startService } from '../support/service';

const ROLE_LIMIT = 4;
const CLIENTS = 60;
const LOAD_MS = 4000;

/** Customers of a seller, made by a service that is gone before the load begins. */
async function makeCustomers(databaseUrl: string) {
  const service = await startService({ databaseUrl });
  try {
    const account = await makeAccount(service);
    const made = await Promise.all(Array.from({ length: 30 }, () => account.makeCustomer()));
    return { key: account.key, ids: made.map(({ id }) => id) };
  } finally {
    await service.app.close();
  }
}

/** Reads, changes and lists, all at the same time. */
async function load(url: string, key: string, ids: string[], clients: number): Promise<Outcome[]> {
  const client = new Client(url, key, clients);
  const outcomes: Outcome[] = [];
  const until = Date.now() + LOAD_MS;
  const one = async (i: number) => {
    for (let n = 0; Date.now() < until; n++) {
      const path = `/api/customers/${ids[i % ids.length]}`;
      if (n % 3 === 0) outcomes.push(await client.send('PATCH', path, { first_name: `Name ${i} ${n}` }));
      else outcomes.push(await client.send('GET', n % 3 === 1 ? path : '/api/customers?limit=5'));
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, i) => one(i)));
  client.close();
  return outcomes;
}

describe('The pool of connections', () => {
  it(
    'learns that the role has fewer, and fails no request for it',
    () =>
      withDatabase(async (databaseUrl) => {
        const { key, ids } = await makeCustomers(databaseUrl);
        const role = `few_${new URL(databaseUrl).pathname.slice(1)}`;
        const owner = new Database(databaseUrl);
        await owner.connect();
        await owner.query(`CREATE ROLE ${role} LOGIN PASSWORD 'few' CONNECTION LIMIT ${ROLE_LIMIT};
        GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
        const limited = Object.assign(new URL(databaseUrl), { username: role, password: 'few' });
        const metricsPort = String(await freePort());
        const env = { METRICS_PORT: metricsPort, MIGRATION_DATABASE_URL: databaseUrl, RATE_LIMIT_PER_MINUTE: '0' };
        const service = ServiceProcess.start([], { DATABASE_URL: limited.href, ...env });
        try {
          const url = await service.url();
          const outcomes = await load(url, key, ids, CLIENTS);
          const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
          const size = Number(/^database_pool_size (\d+)$/m.exec(metrics)?.[1]);
          const answers = countByStatus(outcomes);
          process.stdout.write(`A role with 4 connections: ${JSON.stringify({ answers, p99: p99(outcomes), size })}\n`);
          expect(answers).toEqual({ 200: outcomes.length });
          expect(size).toBeLessThanOrEqual(ROLE_LIMIT);
          expect((await new Client(url, key).send('GET', '/health/ready')).status).toBe(200);
          expect(service.output.match(/The database allows \d connections instead of 10 \(53300\)/g)).toHaveLength(1);
        } finally {
          await service.end('SIGTERM');
          await owner.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
          await owner.end();
        }
      }),
    60_000,
  );

  it(
    'goes on with the connections that it has when the process may open no more files, and nothing is a 500',
    () =>
      withDatabase(async (databaseUrl) => {
        const { key, ids } = await makeCustomers(databaseUrl);
        const env = { DATABASE_URL: databaseUrl, RATE_LIMIT_PER_MINUTE: '0' };
        const service = ServiceProcess.startWithFiles(64, env);
        const outcomes = await load(await service.url(), key, ids, 45);
        const answers = countByStatus(outcomes);
        process.stdout.write(`64 files: ${JSON.stringify({ answers, p99: p99(outcomes) })}\n`);
        expect(answers[200]).toBeGreaterThan(0);
        // What finds no file is not taken, or comes again.
        expect(
          Object.keys(answers).filter((status) => /^[1-9]\d\d$/.test(status) && !['200', '503'].includes(status)),
        ).toEqual([]);
        expect((await new Client(await service.url(), key).send('GET', '/health/ready')).status).toBe(200);
      }),
    60_000,
  );
});
