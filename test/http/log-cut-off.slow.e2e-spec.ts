import { connect, type Socket } from 'node:net';
import { beforeUpdates, useServiceWithDatabase } from '../support/database';
import { type Account, makeAccount } from '../support/factories';
import { freePort } from '../support/free-port';
import { ServiceProcess } from '../support/process';

describe('The log has one line', () => {
  const service = useServiceWithDatabase();
  let account: Account;
  let ids: string[];
  let logged: ServiceProcess;
  let socket: Socket;
  let metricsPort: number;

  beforeEach(async () => {
    account = await makeAccount(service);
    ids = (await Promise.all([1, 2, 3].map(() => account.makeCustomer()))).map(({ id }) => id);
    metricsPort = await freePort();
    const env = { DATABASE_URL: service.databaseUrl, METRICS_PORT: String(metricsPort), REQUEST_TIMEOUT_MS: '1000' };
    logged = ServiceProcess.start([], env);
    socket = connect(Number(new URL(await logged.url()).port), '127.0.0.1');
    socket.on('error', () => socket.destroy());
  });
  afterEach(() => socket.destroy());

  const send = (i: number, length: number) =>
    socket.write(
      [`PATCH /api/customers/${ids[i]} HTTP/1.1`, 'Host: x', `X-Request-Id: gone-${i}`, `X-API-Key: ${account.key}`]
        .concat('Content-Type: application/json', `Content-Length: ${length}`, '', '{"first_name":"Jane"}')
        .join('\r\n'),
    );
  const whole = '{"first_name":"Jane"}'.length;

  async function linesOf(i: number): Promise<object[]> {
    await logged.prints(new RegExp(`"gone-${i}"`));
    // There may be another.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const lines = logged.output.split('\n').filter((line) => line.includes(`"gone-${i}"`));
    return lines.map((line) => JSON.parse(line));
  }

  it('for each request of a client that hangs up, and what has begun is carried out', async () => {
    const [first = ''] = ids;
    await beforeUpdates(account, first, 'PERFORM pg_sleep(0.5)');
    for (const i of [0, 1, 2]) send(i, whole);
    const sleeping = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`;
    while ((await account.sql(sleeping)).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    socket.destroy();
    for (const i of [0, 1, 2]) {
      expect(await linesOf(i)).toMatchObject([{ status: 499, method: 'PATCH', seller_id: account.seller.id }]);
    }
    while ((await account.row(first)).version === 1) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await account.row(first)).toMatchObject({ first_name: 'Jane', version: 2 });
    expect(await linesOf(0)).toHaveLength(1);
  });

  it('for a body that breaks off', async () => {
    send(0, whole + 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.destroy();
    expect(await linesOf(0)).toMatchObject([{ status: 400 }]);
  });

  it('for a body whose connection is reset, which is no failure of the database', async () => {
    send(0, whole + 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.resetAndDestroy();
    expect(await linesOf(0)).toMatchObject([{ status: 499, route: '/api/customers/:id' }]);
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(metrics).toContain('failures_total{kind="unavailable"} 0');
  });

  it('for a body that comes too slowly', async () => {
    send(0, whole + 1);
    expect(await linesOf(0)).toMatchObject([{ status: 408 }]);
  });
});
