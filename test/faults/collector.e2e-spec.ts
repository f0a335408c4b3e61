import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { freePort } from '../support/free-port';
import { request } from '../support/http';
import { ServiceProcess } from '../support/process';
import { databaseUrl } from '../support/service';
import { TraceReceiver } from '../support/trace-receiver';

describe('A collector of traces', () => {
  const env = { DATABASE_URL: databaseUrl(), OTEL_EXPORTER_OTLP_HEADERS: 'authorization=CREDENTIAL' };
  const QUICK = { OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_EXPORTER_OTLP_TIMEOUT: '500' };

  async function expectAnswers(url: string): Promise<void> {
    const before = Date.now();
    for (let i = 0; i < 20; i++) expect((await request('GET', `${url}/api/me`)).status).toBe(401);
    expect(Date.now() - before).toBeLessThan(3000);
  }

  async function expectQuickEnd(service: ServiceProcess): Promise<void> {
    const before = Date.now();
    expect(await service.end('SIGTERM')).toBe(0);
    expect(Date.now() - before).toBeLessThan(4000);
    expect(service.output.match(/Traces are not exported/g)).toHaveLength(1);
    expect(service.output).not.toContain('CREDENTIAL');
  }

  it('may be down at first: one line says so, another when it is over', async () => {
    const port = await freePort();
    const service = ServiceProcess.start([], {
      ...env,
      ...QUICK,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://user:CREDENTIAL@127.0.0.1:${port}`,
    });
    const url = await service.url();
    await expectAnswers(url);
    expect(JSON.parse((await service.prints(/.*Traces are not exported.*/))[0])).toMatchObject({
      code: 'ECONNREFUSED',
    });
    const receiver = await TraceReceiver.start(port);
    await request('GET', `${url}/api/me`);
    await service.prints(/Traces are exported again/);
    expect(receiver.spans.map(({ name }) => name)).toContain('GET /api/me');
    // And down again at the end.
    await receiver.stop();
    await request('GET', `${url}/api/me`);
    await service.end('SIGTERM');
    expect(service.output).not.toContain('CREDENTIAL');
  });

  it('may be down all the time, and the end does not wait for it @ci', async () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${await freePort()}`;
    const service = ServiceProcess.start([], { ...env, OTEL_EXPORTER_OTLP_ENDPOINT });
    await expectAnswers(await service.url());
    await expectQuickEnd(service);
  });

  it('may never answer, and delays neither requests nor the end', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const service = ServiceProcess.start([], { ...env, OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_EXPORTER_OTLP_ENDPOINT });
    await expectAnswers(await service.url());
    await expectQuickEnd(service);
    silent.close();
  });

  it('has to have a proper URL', async () => {
    const service = ServiceProcess.start([], { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: 'CREDENTIAL:4318' });
    expect(await service.end()).toBe(1);
    expect(service.output).toBe(
      'The configuration is not valid. OTEL_EXPORTER_OTLP_ENDPOINT must be a URL that starts with http:// or https://.\n',
    );
  });
});
