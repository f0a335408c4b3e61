import { beforeUpdates, useServiceWithDatabase } from '../support/database';
import { type Account, makeAccount } from '../support/factories';
import { request } from '../support/http';
import { ServiceProcess } from '../support/process';
import { traceparent, TraceReceiver } from '../support/trace-receiver';

describe('Traces', () => {
  const service = useServiceWithDatabase();
  let receiver: TraceReceiver;
  let account: Account;

  beforeEach(async () => {
    receiver = await TraceReceiver.start();
    account = await makeAccount(service);
  });
  afterEach(() => receiver.stop());

  /** Starts a service that sends its traces to the receiver, at the latest when it ends. */
  const startTraced = (more: NodeJS.ProcessEnv = {}) =>
    ServiceProcess.start([], {
      DATABASE_URL: service.databaseUrl,
      RATE_LIMIT_PER_MINUTE: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      ...more,
    });

  const statementsOf = (traceId: string) =>
    receiver.trace(traceId).statements.map(({ attributes, name }) => attributes['db.postgresql.plan'] ?? name);

  it('show a request by its route with its statements, continue those of callers, and are named in the log', async () => {
    const { id } = await account.makeCustomer();
    const { key } = account;
    const traced = startTraced({ OTEL_SERVICE_NAME: 'customers-test', OTEL_EXPORTER_OTLP_HEADERS: 'x-token=secret' });
    const url = await traced.url();
    const patch = (headers: Record<string, string>, first_name: string) =>
      request('PATCH', `${url}/api/customers/${id}`, { key, headers, body: { first_name } });
    await request('GET', `${url}/api/me`, { key });
    const sampled = traceparent();
    const notSampled = traceparent('00');
    const malformed = traceparent('xx');
    await patch(sampled.headers, 'A');
    await patch(notSampled.headers, 'B');
    await patch(malformed.headers, 'C');
    await request('GET', `${url}/health/ready`);
    expect(await traced.end('SIGTERM')).toBe(0);

    const { request: span, statements } = receiver.trace(sampled.traceId);
    expect(span).toMatchObject({
      name: 'PATCH /api/customers/:id',
      parentSpanId: sampled.spanId,
      attributes: { 'http.route': '/api/customers/:id', 'http.response.status_code': 200 },
      resource: { 'service.name': 'customers-test' },
    });
    expect(statementsOf(sampled.traceId)).toEqual(['find_api_key_and_customers', 'update_customer']);
    for (const { parentSpanId, attributes } of statements) {
      expect(parentSpanId).toBe(span?.spanId);
      expect(attributes['db.query.text']).toContain('$1');
    }
    expect(receiver.headers[0]?.['x-token']).toBe('secret');

    const requests = receiver.spans.filter(({ kind }) => kind === 2);
    expect(requests.map(({ name }) => name)).toEqual(['GET /api/me', span?.name, span?.name]);
    const started = requests[2];
    expect(started?.parentSpanId ?? '').toBe('');
    expect(started?.traceId).not.toBe(malformed.traceId);
    expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(3);
    const logged = traced.output.split('\n').filter((line) => line.includes('"PATCH"'));
    expect(logged.map((line) => JSON.parse(line).trace_id)).toEqual([
      sampled.traceId,
      notSampled.traceId,
      started?.traceId,
    ]);
    expect(traced.output).not.toContain('secret');
  });

  it('hold nothing of customers, keys or URLs, also when a statement fails', async () => {
    const { id } = await account.makeCustomer();
    const { key } = account;
    const canary = 'CANARY';
    const email = `${canary}@example.com`;
    const traced = startTraced();
    const url = await traced.url();
    await beforeUpdates(account, id, `RAISE EXCEPTION '${canary} %', NEW.email`, "NEW.last_name = 'Boom'");
    const last = traceparent();
    const target = `${url}/api/customers/${id}`;
    const trace = { ...traceparent().headers, tracestate: `v=${canary}` };
    const headers = {
      ...trace,
      'user-agent': canary,
      cookie: canary,
      baggage: `a=${canary}`,
      'x-forwarded-for': canary,
    };
    const person = { first_name: canary, last_name: canary, email };
    const sent = [
      await request('PATCH', target, { key, headers, body: { email, first_name: canary } }),
      await request('PATCH', `${target}?${canary}=${key}`, { key, body: {} }),
      await request('PATCH', `${url}/api/customers/${canary}`, { key, body: { first_name: canary } }),
      await request('POST', `${url}/api/customers`, { key, body: person }),
      await request('GET', `${url}/api/customers?email=${email}&search=${canary}`, { key }),
      await request('GET', `${url}/${canary}/${key}?${canary}`, { headers }),
      await request('GET', `${url}/%zz${canary}`),
      await request('GET', `${target}/history?limit=1`, { key }),
      await request('PATCH', target, { key, body: { last_name: 'Boom' }, headers: last.headers }),
    ];
    expect(sent.map(({ status }) => status)).toEqual([200, 400, 400, 409, 200, 404, 400, 200, 500]);
    await traced.end('SIGTERM');

    const { request: span, statements } = receiver.trace(last.traceId);
    expect(span).toMatchObject({ status: { code: 2 }, attributes: { 'http.response.status_code': 500 } });
    const failed = statements.filter(({ status }) => status.code === 2);
    expect(failed[0]?.attributes).toMatchObject({ 'db.postgresql.plan': 'update_customer', 'error.type': 'P0001' });
    const names = new Set(receiver.spans.map(({ name }) => name).filter((name) => !name.startsWith('pg.')));
    expect([...names].sort()).toEqual([
      'GET',
      'GET /api/customers',
      'GET /api/customers/:id/history',
      'PATCH /api/customers/:id',
      'POST /api/customers',
    ]);
    const exported = JSON.stringify(receiver.bodies);
    expect(exported).not.toMatch(new RegExp(canary, 'i'));
    expect(exported).not.toContain(key.slice(8));
    expect(exported).not.toContain(id);
  });

  it('are as many as the standard variable for sampling asks for', async () => {
    const traced = startTraced({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' });
    const wanted = traceparent();
    const url = `${await traced.url()}/api/me`;
    for (const { headers } of [{ headers: {} }, traceparent('00'), wanted]) {
      expect((await request('GET', url, { key: account.key, headers })).status).toBe(200);
    }
    await traced.end('SIGTERM');
    expect(new Set(receiver.spans.map(({ traceId }) => traceId))).toEqual(new Set([wanted.traceId]));
  });
});
