import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Client } from '../support/client';
import { inTemporaryFolder, ServiceProcess } from '../support/process';
import { readAll } from '../support/raw';
import { databaseUrl } from '../support/service';

describe('SIGTERM', () => {
  const env = { DATABASE_URL: databaseUrl(), LOG_LEVEL: 'info' };
  const listening = async (service: ServiceProcess) =>
    Number((await service.prints(/listening at http:\/\/127.0.0.1:(\d+)/))[1]);

  it.each([
    ['nothing', ''],
    ['half a head', 'GET /health/live HTTP/1.1\r\nHost: x\r\n'],
    [
      'half a body',
      'PATCH /api/customers/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    ],
  ])('ends the service within 10 seconds though a client has sent %s', async (_, bytes) => {
    const service = ServiceProcess.start([], env);
    const socket = connect(await listening(service), '127.0.0.1');
    socket.on('error', () => socket.destroy());
    await once(socket, 'connect');
    socket.write(bytes);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = Date.now();
    expect(await service.end('SIGTERM')).toBe(0);
    expect(Date.now() - before).toBeLessThan(10_000);
    socket.destroy();
  });

  it('fails no request of clients that go on until an answer ends their connection', async () => {
    const service = ServiceProcess.start([], env);
    const url = `http://127.0.0.1:${await listening(service)}`;
    const seen = { answered: 0, toldToGo: 0, failed: 0 };
    const client = async () => {
      for (;;) {
        const response = await fetch(`${url}/health/live`).catch(() => undefined);
        await response?.arrayBuffer();
        if (!response?.ok) return void seen.failed++;
        seen.answered++;
        if (response.headers.get('connection') === 'close') return void seen.toldToGo++;
      }
    };
    const clients = Array.from({ length: 20 }, client);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const ended = service.end('SIGTERM');
    await Promise.all(clients);
    const ready = await fetch(`${url}/health/ready`);
    expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await ended).toBe(0);
    process.stdout.write(`SIGTERM under load: ${JSON.stringify(seen)}\n`);
    expect(seen).toMatchObject({ failed: 0, toldToGo: 20 });
  });

  it('resets no connection of clients that keep theirs, and know no load balancer', async () => {
    const seen = { answered: 0, refused: 0, others: [] as string[] };
    for (let round = 0; round < 3; round++) {
      const service = ServiceProcess.start([], env);
      const url = `http://127.0.0.1:${await listening(service)}`;
      const run = async () => {
        const client = new Client(url, '');
        for (;;) {
          const { status, error = '' } = await client.send('GET', '/health/live');
          if (status === 200) seen.answered++;
          else if (error.includes('ECONNREFUSED')) break;
          else seen.others.push(error || String(status));
          if (seen.others.length > 100) break;
        }
        seen.refused++;
        client.close();
      };
      const clients = Array.from({ length: 40 }, run);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await service.end('SIGTERM')).toBe(0);
      await Promise.all(clients);
    }
    process.stdout.write(`SIGTERM without a load balancer: ${JSON.stringify(seen)}\n`);
    expect(seen).toMatchObject({ refused: 120, others: [] });
  }, 60_000);

  it('answers all requests that have come together', async () => {
    const service = ServiceProcess.start([], { ...env, STOP_GRACE_MS: '2000' });
    const socket = connect(await listening(service), '127.0.0.1');
    await once(socket, 'connect');
    const ended = service.end('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const answers = readAll(socket);
    socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3));
    expect((await answers).match(/HTTP\/1\.1 \d+|connection: [\w-]+/gi)).toEqual([
      'HTTP/1.1 200',
      'Connection: keep-alive',
      'HTTP/1.1 200',
      'Connection: keep-alive',
      'HTTP/1.1 200',
      'connection: close',
    ]);
    expect(await ended).toBe(0);
  });

  it('reaches the service through npm @short', async () => {
    const npm = spawn('npm', ['run', '--silent', 'start:prod'], {
      env: { ...process.env, ...env, PORT: '0', METRICS_PORT: '0' },
    });
    let output = '';
    npm.stdout.on('data', (text) => (output += text));
    while (!/listening at/.test(output)) await once(npm.stdout, 'data');
    const url = /listening at (http:\S+?)"/.exec(output)?.[1] ?? '';
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    const closed = once(npm.stdout, 'close');
    npm.kill('SIGTERM');
    await closed;
    await expect(fetch(`${url}/health/live`)).rejects.toThrow('fetch failed');
  });

  it(
    'during the start leaves nothing half-made',
    () =>
      inTemporaryFolder(async (folder) => {
        for (const delay of [200, 600, 1000]) {
          const early = ServiceProcess.start(['--embedded'], { DATA_DIR: folder });
          await new Promise((resolve) => setTimeout(resolve, delay));
          await early.end('SIGTERM');
        }
        const service = ServiceProcess.start(['--embedded'], { DATA_DIR: folder });
        await service.prints(/runs at http/);
        expect(await service.end('SIGTERM')).toBe(0);
      }),
    60_000,
  );
});
