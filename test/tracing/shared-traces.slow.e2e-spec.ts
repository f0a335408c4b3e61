import { beforeUpdates, useServiceWithDatabase } from '../support/database';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import { request } from '../support/http';
import { ServiceProcess } from '../support/process';
import { traceparent, TraceReceiver } from '../support/trace-receiver';

describe('Traces of what requests share', () => {
  const service = useServiceWithDatabase();
  let receiver: TraceReceiver;
  let account: Account;
  let traced: ServiceProcess;
  let url: string;

  beforeEach(async () => {
    receiver = await TraceReceiver.start();
    account = await makeAccount(service);
    const env = { DATABASE_URL: service.databaseUrl, RATE_LIMIT_PER_MINUTE: '0' };
    traced = ServiceProcess.start([], { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    url = await traced.url();
    // The first use of a key is noted with a statement more.
    await request('GET', `${url}/api/me`, { key: account.key });
  });
  afterEach(() => receiver.stop());

  it('never show a statement in the trace of a request that merely ended before it', async () => {
    const { key } = account;
    const first = await account.makeCustomer();
    const second = await account.makeCustomer();
    await beforeUpdates(account, first.id, 'PERFORM pg_sleep(0.4)');
    const [slow, next] = [traceparent(), traceparent()];
    const change = (id: string, { headers }: { headers: Record<string, string> }) =>
      request('PATCH', `${url}/api/customers/${id}`, { key, headers, body: { email: uniqueEmail() } });
    // Those who want an email go one list after another: the second is set off by the end of the first.
    const answers = [change(first.id, slow)];
    await new Promise((resolve) => setTimeout(resolve, 200));
    answers.push(change(second.id, next));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
    await traced.end('SIGTERM');
    for (const { traceId } of [slow, next]) {
      const names = receiver.trace(traceId).statements.map(({ name }) => name.replace(/^pg.query:(\w+).*/, '$1'));
      const read = ['find_api_key_and_customers', 'find_email_owners'];
      expect(names).toHaveLength(5);
      expect(new Set(names)).toEqual(new Set([...read, 'BEGIN', 'update_customer', 'COMMIT']));
    }
  });

  it('show what requests did together in one of theirs, to which the others link', async () => {
    const { key } = account;
    const customers = await Promise.all(Array.from({ length: 40 }, () => account.makeCustomer()));
    const callers = customers.map(({ id }) => ({ ...traceparent(), id }));
    await Promise.all(
      callers.map(({ id, headers }) =>
        request('PATCH', `${url}/api/customers/${id}`, { key, headers, body: { first_name: 'Jane' } }),
      ),
    );
    await traced.end('SIGTERM');
    const requests = new Map(receiver.spans.filter(({ kind }) => kind === 2).map((span) => [span.spanId, span]));
    const statements = receiver.spans.filter(({ kind }) => kind === 3);
    for (const { parentSpanId = '', traceId, start } of statements) {
      const parent = requests.get(parentSpanId);
      expect(parent?.traceId).toBe(traceId);
      expect(start >= (parent?.start ?? 0n) && start <= (parent?.end ?? 0n)).toBe(true);
    }
    expect(statements.length).toBeLessThan(3 * callers.length);
    for (const { traceId } of callers) {
      const { request: span, statements: own } = receiver.trace(traceId);
      expect(own.length + (span?.links.length ?? 0)).toBeGreaterThanOrEqual(2);
      for (const link of span?.links ?? []) expect(requests.get(link.spanId)?.traceId).toBe(link.traceId);
    }
  });
});
