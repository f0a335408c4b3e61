import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Client } from 'pg';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import type { Answer } from '../support/http';
import { parseRaw, type RawAnswer } from '../support/raw';
import { databaseUrl, type Service, startService, useService } from '../support/service';

const UNAVAILABLE = { error: 'Service Unavailable', message: 'Service temporarily unavailable' };

const times = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A transaction by hand that holds the rows of customers until it is released, or the test ends. */
async function withLocked(ids: string[], use: (release: () => Promise<unknown>) => Promise<void>) {
  // Not of the service's pool, which gives up connections that are silent for long.
  const client = new Client(databaseUrl());
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM customers WHERE id = ANY($1::uuid[]) FOR UPDATE', [ids]);
    await use(() => client.query('COMMIT'));
  } finally {
    await client.end();
  }
}

async function open({ port }: Service): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** A PATCH as bytes. */
function patchOf({ key }: Account, id: string, change: object, headers: string[] = []): string {
  const body = JSON.stringify(change);
  const own = [`X-API-Key: ${key}`, 'Content-Type: application/json', `Content-Length: ${body.length}`];
  return [`PATCH /api/customers/${id} HTTP/1.1`, 'Host: x', ...own, ...headers, '', body].join('\r\n');
}

/** Sends requests in one go, so that they wait together, and reads their answers, which come in the same order. */
async function pipeline(service: Service, requests: string[]): Promise<RawAnswer[]> {
  const socket = (await open(service)).setEncoding('latin1');
  socket.write(requests.join(''));
  const answers: RawAnswer[] = [];
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
    for (let end = endOf(text); end !== undefined && end <= text.length; end = endOf(text)) {
      answers.push(parseRaw(text.slice(0, end)));
      text = text.slice(end);
    }
    if (answers.length === requests.length) break;
  }
  return answers;
}

function endOf(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n');
  return head < 0 ? undefined : head + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
}

const changesOf = async (account: Account, id: string) => {
  const query = 'SELECT changes FROM customer_history WHERE customer_id = $1 AND version > 1 ORDER BY version';
  return (await account.sql(query, [id])).map(({ changes }) => Object.values<{ new: unknown }>(changes)[0]?.new);
};

describe('The queue of changes', () => {
  const service = useService();
  let small: Service;
  beforeAll(async () => void (small = await startService({ maxQueue: 8, databaseLockTimeoutMs: 6000 })));
  afterAll(() => small.app.close());

  it('is full at once for what is too much, and the others are carried out', async () => {
    const account = await makeAccount(small);
    const { id } = await account.makeCustomer();
    await withLocked([id], async (release) => {
      const waiting: Promise<Answer>[] = [];
      // One that has begun, and as many as may wait.
      for (let i = 0; i < 9; i++) {
        waiting.push(account.patch(id, { first_name: `Name ${i}` }));
        await sleep(25);
      }
      const before = Date.now();
      const refused = await Promise.all(times(5, () => account.patch(id, { first_name: 'Late' })));
      // Those that are not refused wait for the lock.
      expect(Date.now() - before).toBeLessThan(2500);
      for (const { status, headers, body } of refused) {
        expect([status, headers.get('retry-after'), body]).toEqual([503, '1', UNAVAILABLE]);
      }
      await release();
      expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(times(9, () => 200));
    });
    expect(await changesOf(account, id)).toEqual(times(9, (i) => `Name ${i}`));
  });

  it('carries out what it has room for of a flood, and nothing that it has refused', async () => {
    const account = await makeAccount(small);
    const { id } = await account.makeCustomer();
    const answers = await Promise.all(times(300, (i) => account.patch(id, { first_name: `Name ${i}` })));
    const accepted = times(300, (i) => `Name ${i}`).filter((_, i) => answers[i]?.status === 200);
    for (const { status, headers } of answers.filter(({ status }) => status !== 200)) {
      expect([status, headers.get('retry-after')]).toEqual([503, '1']);
    }
    process.stdout.write(`300 at once with room for 8: ${accepted.length} accepted\n`);
    expect(accepted.length).toBeGreaterThanOrEqual(8);
    expect(accepted.length).toBeLessThan(300);
    expect((await changesOf(account, id)).sort()).toEqual(accepted.sort());
  });

  it('drops the change of a client that hangs up before its turn', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const socket = await open(service);
    await withLocked([id], async (release) => {
      const first = account.patch(id, { first_name: 'First' });
      await sleep(100);
      socket.write(patchOf(account, id, { first_name: 'Abandoned' }));
      await sleep(100);
      const last = account.patch(id, { first_name: 'Last' });
      await sleep(100);
      socket.destroy();
      await sleep(100);
      await release();
      expect([(await first).status, (await last).status]).toEqual([200, 200]);
    });
    await sleep(200);
    expect(await changesOf(account, id)).toEqual(['First', 'Last']);
  });

  it('keeps the order in which changes of one customer arrive', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const names = times(50, (i) => `Name ${i}`);
    const sent = names.map((first_name, i) => ({ first_name, ...(i % 7 === 3 && { status: 'suspended' }) }));
    const bytes = sent.map((change) => patchOf(account, id, change));
    const answers = await pipeline(service, bytes);
    expect(answers.map(({ headers }) => headers.etag)).toEqual(names.map((_, i) => `"${i + 2}"`));
    expect(answers.map(({ body }) => body.first_name)).toEqual(names);
  });

  it('keeps their order though the first of them needs an email that another is about to leave', async () => {
    const account = await makeAccount(service);
    const [one, other] = [await account.makeCustomer(), await account.makeCustomer()];
    const last = uniqueEmail();
    const answers = await pipeline(service, [
      patchOf(account, one.id, { email: uniqueEmail() }),
      patchOf(account, other.id, { email: one.email }),
      patchOf(account, other.id, { email: last }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await changesOf(account, other.id)).toEqual([one.email, last]);
    expect(await account.row(other.id)).toMatchObject({ email: last });
  });

  it('gives each of its changes an answer of its own, whatever becomes of the others', async () => {
    const account = await makeAccount(service);
    const made = await Promise.all(times(10, () => account.makeCustomer()));
    const id = (i: number) => String(made[i]?.id);
    const email = String(made[9]?.email);
    const jane = (id: string, ...headers: string[]) => patchOf(account, id, { first_name: 'Jane' }, headers);
    await withLocked([id(8)], async () => {
      const sent: [expected: number, bytes: string][] = [
        [200, jane(id(0))],
        [409, patchOf(account, id(5), { email })],
        [200, jane(id(1))],
        [412, jane(id(6), 'If-Match: "7"')],
        [200, jane(id(2))],
        [404, jane('0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f')],
        [200, jane(id(3))],
        [400, patchOf(account, id(7), { first_name: 5 })],
        [503, jane(id(8))],
        [200, jane(id(4), 'If-Match: "1"')],
        [200, patchOf(account, id(9), { email: email.toUpperCase() })],
      ];
      const bytes = sent.map(([, bytes]) => bytes);
      const answers = await pipeline(service, bytes);
      expect(answers.map(({ status }) => status)).toEqual(sent.map(([expected]) => expected));
    });
    const versions = await Promise.all(made.map(async ({ id }) => (await account.row(id)).version));
    expect(versions).toEqual([2, 2, 2, 2, 2, 1, 1, 1, 1, 2]);
  });
});
