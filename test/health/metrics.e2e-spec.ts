import { parseConfig } from '../../src/config/config';
import { serveMetrics } from '../../src/health/metrics-server';
import { makeAccount } from '../support/factories';
import { freePort } from '../support/free-port';
import { sendRaw } from '../support/raw';
import { useService } from '../support/service';

describe('/metrics', () => {
  const service = useService();

  it('shows requests by route and status, lists, queue, pool and event loop, and nothing of a customer', async () => {
    const port = await freePort();
    const stop = await serveMetrics(parseConfig({ METRICS_PORT: String(port) }));
    try {
      const account = await makeAccount(service);
      const { id, email } = await account.makeCustomer();
      await account.patch(id, { first_name: 'Jane' });
      await account.patch(id, { first_name: '' });
      await account.patch(id, { status: 'inactive' });
      await account.call('GET', '/nowhere');
      await sendRaw(service.port, 'GARBAGE\r\n\r\n');
      const response = await fetch(`http://127.0.0.1:${port}/metrics`);
      const text = await response.text();
      expect([response.status, response.headers.get('content-type')]).toEqual([
        200,
        expect.stringContaining('text/plain; version=0.0.4'),
      ]);
      const route = 'method="PATCH",route="/api/customers/:id"';
      expect(text).toContain(`http_request_duration_seconds_count{${route},status="200"} 2`);
      expect(text).toContain(`http_request_duration_seconds_count{${route},status="400"} 1`);
      expect(text).toMatch(/^write_list_size_count [1-9]/m);
      expect(text).toContain('write_queue_length 0');
      expect(text).toContain('lookup_queue_length 0');
      expect(text).toContain('http_broken_requests_total{status="400"} 1');
      expect(text).toContain('failures_total{kind="unexpected"} 0');
      expect(text).toContain('writes_alone_total 1');
      expect(text).toMatch(/^database_pool_connections{state="idle"} [1-9]/m);
      expect(text).toMatch(/^nodejs_eventloop_lag_seconds /m);
      for (const secret of [id, email, account.key, account.seller.id]) expect(text).not.toContain(secret);
      expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    } finally {
      await stop();
    }
  });

  it('is not there with port 0, nor on the port of the API', async () => {
    const stop = await serveMetrics(parseConfig({ METRICS_PORT: '0' }));
    await stop();
    expect((await fetch(`${service.url}/metrics`)).status).toBe(404);
  });
});
