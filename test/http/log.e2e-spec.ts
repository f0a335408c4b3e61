import { beforeUpdates, useServiceWithDatabase } from '../support/database';
import { makeAccount, uniqueEmail } from '../support/factories';
import { request } from '../support/http';
import { sendRaw } from '../support/raw';
import { ServiceProcess } from '../support/process';

describe('The log', () => {
  const service = useServiceWithDatabase();

  it('has one line a request, under its id, and holds nothing secret', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer({ email: uniqueEmail() });
    const logged = ServiceProcess.start([], { DATABASE_URL: service.databaseUrl, LOG_LEVEL: 'trace' });
    const [, port] = await logged.prints(/listening at http:\/\/127.0.0.1:(\d+)/);
    const url = `http://127.0.0.1:${port}`;
    const canary = 'CANARY';
    const email = `${canary}@example.com`;
    const { key } = account;
    await beforeUpdates(account, id, `RAISE EXCEPTION '${canary} %', NEW.email`, "NEW.last_name = 'Boom'");
    const target = `${url}/api/customers/${id}`;
    const sent = [
      await request('PATCH', target, { key, body: { email, first_name: `${canary}\r\n{"level":60}` } }),
      await request('PATCH', target, { key, body: { last_name: 'Boom', company_name: canary } }),
      await request('PATCH', target, { key, body: { [canary]: canary, email: canary } }),
      await request('PATCH', target, { key, body: `{"x": "${canary}` }),
      await request('PATCH', target, { key: key.slice(0, -1), body: `{"x": "${canary}` }),
      await request('PATCH', `${target}?${canary}=${key}`, { key, body: {} }),
      await request('GET', `${url}/${canary}/${key}`, { headers: { 'user-agent': canary, cookie: canary } }),
      await request('GET', `${url}/%zz${canary}`),
      await request('GET', `${url}/api/customers?email=${email}&search=${canary}`, { key }),
    ];
    expect(sent.map(({ status }) => status)).toEqual([200, 500, 400, 400, 401, 400, 404, 400, 200]);
    await sendRaw(Number(port), `GET / HTTP/1.1\r\nHost: x\r\nX-API-Key: ${key}\r\n${canary}\r\n\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 200));

    const lines = logged.output.trim().split('\n');
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number) });
    for (const { headers, status } of sent) {
      const ofRequest = lines.filter((line) => line.includes(headers.get('x-request-id') ?? '?'));
      const summary = ofRequest.map((line) => JSON.parse(line)).filter((line) => line.status !== undefined);
      expect(summary).toMatchObject([{ status }]);
    }
    expect(logged.output).not.toContain(canary);
    expect(logged.output).not.toContain(key.slice(8));
    expect(logged.output).not.toMatch(/UPDATE|SELECT|constraint|\bat \S+\.[jt]s|\/dist\//);
    await logged.end('SIGTERM');
  });
});
