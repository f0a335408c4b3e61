import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { withDatabase } from '../support/database';
import { followEvents } from '../support/events';
import { type Account, uniqueEmail } from '../support/factories';
import { freePort } from '../support/free-port';
import { request } from '../support/http';
import { extractPrograms, PAGE, Programs } from '../support/page-programs';
import { inTemporaryFolder, ServiceProcess } from '../support/process';
import { sendRaw } from '../support/raw';
import { startService } from '../support/service';
import { letTimePass, makeWebhook, makeWebhookAccount, until } from '../support/webhooks';

const WEBHOOK_ENV = { WEBHOOK_SECRET_KEY: '0'.repeat(64), WEBHOOK_ALLOW_PRIVATE: 'true' };
const WRITERS = 6;

const KILLS = 20;

/** How many changes are answered between two kills, at least. */
const BURST = 20;

type Customers = Record<string, object>;

/** Changes of every kind, one after the other, whether the service is there or not. */
class Changes {
  answered = 0;
  private isOver = false;
  private readonly ids: string[] = [];

  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: WRITERS }, (_, i) => this.write(i)));
  }

  stop(): void {
    this.isOver = true;
  }

  private async write(writer: number): Promise<void> {
    for (let n = 0; !this.isOver; n++) {
      const id = this.ids[Math.floor(Math.random() * this.ids.length)];
      const name = { first_name: `Writer ${writer}, ${n}` };
      if (!id || n % 5 === 0) await this.create(name);
      else if (n % 17 === 0) await this.erase(id);
      else await this.send('PATCH', `/${id}`, name);
      await sleep(15);
    }
  }

  private async create(name: object): Promise<void> {
    const created = await this.send('POST', '', { ...name, last_name: 'Doe', email: uniqueEmail() });
    if (created) this.ids.push(created.id);
  }

  private async erase(id: string): Promise<void> {
    this.ids.splice(this.ids.indexOf(id), 1);
    await this.send('DELETE', `/${id}`);
  }

  private async send(method: string, path: string, body?: object): Promise<{ id: string } | undefined> {
    const url = `${this.url}/api/customers${path}`;
    const answer = await request(method, url, { key: this.key, body }).catch(() => undefined);
    if (!answer || answer.status >= 300) return undefined;
    this.answered++;
    return answer.body;
  }
}

/** By the test's own instance. */
async function storedCustomers(account: Account): Promise<Customers> {
  const stored: Customers = {};
  for (let cursor = ''; ;) {
    const { body } = await account.call('GET', `/api/customers?limit=100${cursor && `&cursor=${cursor}`}`);
    for (const customer of body.data) stored[customer.id] = customer;
    if (!(cursor = body.next_cursor)) return stored;
  }
}

async function readCopy(folder: string, file: string): Promise<Customers> {
  return JSON.parse(await readFile(join(folder, file), 'utf8')).customers;
}

const byId = (customers: { id: string }[]): Customers => Object.fromEntries(customers.map((one) => [one.id, one]));

describe(`The programs of ${PAGE}`, () => {
  it.each(['feed.mjs', 'list.mjs'])(
    'ask again when told to wait, and end when told that they are wrong: %s @ci',
    (name) =>
      inTemporaryFolder(async (folder) => {
        await extractPrograms(folder);
        let requests = 0;
        const server = createServer((_, response) => {
          const isFirst = ++requests === 1;
          response.writeHead(isFirst ? 503 : 404, { 'retry-after': new Date().toUTCString() }).end('No such page');
        }).listen(0, '127.0.0.1');
        await once(server, 'listening');
        const programs = new Programs(folder);
        const { port } = server.address() as AddressInfo;
        const [code] = await once(programs.start(name, { API: `http://127.0.0.1:${port}`, KEY: 'x' }), 'close');
        expect([code, requests]).toEqual([1, 2]);
        expect(programs.output).toContain('Error: No such page');
        server.close();
      }),
  );

  it('are not stopped by what strangers send to the receiver, who read nothing there @ci', () =>
    inTemporaryFolder(async (folder) => {
      await extractPrograms(folder);
      const programs = new Programs(folder);
      try {
        const [port, copyPort] = [await freePort(), await freePort()];
        const url = `http://127.0.0.1:${port}/`;
        const secret = Buffer.alloc(24).toString('base64');
        const ports = { PORT: String(port), COPY_PORT: String(copyPort) };
        const receiver = programs.start('receiver.mjs', { SECRET: secret, ...ports });
        const read = () => request('GET', url).catch(() => undefined);
        await until(async () => (await read()) !== undefined);

        const post = (length: number, body: string) =>
          `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${body}`;
        const aborted = connect(port, '127.0.0.1');
        aborted.end(post(100, '{"a'));
        await once(aborted.resume(), 'close');
        // The connection is closed though most of the body is still to come.
        expect(await sendRaw(port, post(2 ** 30, 'x'.repeat(2 ** 20 + 1)))).not.toContain('HTTP/1.1 2');
        expect((await read())?.status).toBe(400);
        expect(receiver.exitCode).toBeNull();
        expect(programs.output).toBe('');

        const at = new Date();
        const body = JSON.stringify({ type: 'webhook.test', data: {}, padding: 'x'.repeat(2 ** 20 - 100) });
        const headers = {
          'webhook-id': 'x',
          'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
          'webhook-signature': new Webhook(secret).sign('x', at, body),
        };
        expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(204);
      } finally {
        programs.end();
      }
    }));

  it(
    'keep copies in step and receive every event while the service is killed twenty times @ci',
    () =>
      withDatabase((databaseUrl) =>
        inTemporaryFolder(async (folder) => {
          await extractPrograms(folder);
          const beside = await startService({ databaseUrl });
          const programs = new Programs(folder);
          try {
            const account = await makeWebhookAccount(beside);
            const [port, receiverPort, copyPort] = [await freePort(), await freePort(), await freePort()];
            const receiverUrl = `http://127.0.0.1:${receiverPort}/`;
            const { id, secret } = await makeWebhook(account, { url: receiverUrl });
            const url = `http://127.0.0.1:${port}`;
            const client = { API: `${url}/api`, KEY: account.key };
            programs.start('feed.mjs', client);
            programs.start('list.mjs', { ...client, EVERY_SECONDS: '0.2' });
            const ports = { PORT: String(receiverPort), COPY_PORT: String(copyPort) };
            const receive = () => programs.start('receiver.mjs', { SECRET: secret, ...ports });
            let receiver = receive();
            const start = () =>
              ServiceProcess.start([], {
                ...WEBHOOK_ENV,
                DATABASE_URL: databaseUrl,
                PORT: String(port),
                LOG_LEVEL: 'info',
              });

            const changes = new Changes(url, account.key);
            const writing = changes.run();
            for (let kill = 0; kill < KILLS; kill++) {
              const service = start();
              await service.url();
              const enough = changes.answered + BURST;
              await sleep(300 + Math.random() * 300);
              await until(() => changes.answered >= enough);
              await service.end('SIGKILL');
              // The receiver crashes as well, once.
              if (kill === 1) {
                receiver.kill('SIGKILL');
                receiver = receive();
              }
            }
            // What an instance had reserved when it was killed is due after half a minute.
            await letTimePass(account, id, '30 s');
            const service = start();
            await service.url();
            changes.stop();
            await writing;
            const lastKillAt = Date.now();

            const events = await followEvents(account, 1, 'limit=500');
            const received = async () => {
              const lines = (await readFile(join(folder, 'received.ndjson'), 'utf8')).split('\n').filter(Boolean);
              return lines.map((line) => JSON.parse(line));
            };
            await until(async () => {
              const ids = new Set((await received()).map(({ id }) => id));
              return events.every(({ id }) => ids.has(id));
            });
            const recoveredMs = Date.now() - lastKillAt;
            const stored = await storedCustomers(account);
            const all = await received();
            expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
            const byEvent = new Map(all.map((event) => [event.id, event]));
            for (const event of events) expect(byEvent.get(event.id)).toEqual(event);
            expect(byId((await request('GET', `http://127.0.0.1:${copyPort}/`)).body)).toEqual(stored);
            await until(async () => isDeepStrictEqual(await readCopy(folder, 'copy-by-feed.json'), stored));
            // Lists never say that somebody was deleted.
            await until(async () => {
              const copied = Object.entries(await readCopy(folder, 'copy-by-list.json'));
              return isDeepStrictEqual(Object.fromEntries(copied.filter(([id]) => id in stored)), stored);
            });
            const figures = {
              kills: KILLS,
              changes: changes.answered,
              customers: Object.keys(stored).length,
              events: events.length,
              received: all.length,
              missed: 0,
              allReceivedAfterMs: recoveredMs,
            };
            process.stdout.write(`Copies by the programs of the page: ${JSON.stringify(figures)}\n`);
            expect(programs.output).toBe('');
            expect(changes.answered).toBeGreaterThanOrEqual(KILLS * BURST);
            await service.end('SIGTERM');
          } finally {
            programs.end();
            await beside.app.close();
          }
        }),
      ),
    300_000,
  );
});
