import type { Account } from './factories';
import { type Answer, request } from './http';
import { exampleOf, membersIn, type Operation, valueAt, withValue } from './operations';
import { sendRaw } from './raw';
import { makeWebhook } from './webhooks';

/** Would forge a line of the log if it were ever written there. */
const forged = (name: string) => `CANARY ${name}\r\n{"level":60,"msg":"forged"}`;

/** Every header that the service reads, or that others like to log. */
const HEADERS = [
  ...['x-api-key', 'authorization', 'if-match', 'if-none-match', 'idempotency-key', 'x-request-id', 'accept'],
  ...['content-type', 'content-encoding', 'host', 'user-agent', 'cookie', 'referer', 'traceparent', 'x-forwarded-for'],
];

/** Requests that hold canaries wherever a request can hold anything, and a look at what a log has kept of them. */
export class Attack {
  private readonly answers: Answer[] = [];
  private raw = 0;

  constructor(
    private readonly account: Account,
    private readonly port: number,
    private readonly operations: Operation[],
  ) {}

  private async send(method: string, path: string, options: { body?: unknown; headers?: Record<string, string> } = {}) {
    const { key } = this.account;
    const answer = await request(method, `http://127.0.0.1:${this.port}${path}`, { key, ...options });
    this.answers.push(answer);
    return answer;
  }

  /** Each route with a canary in each of its members, parameters and headers in turn, and in its path. */
  async everywhere(): Promise<number[]> {
    const before = this.answers.length;
    await this.writes();
    for (const { method, path, query } of this.operations) {
      for (const name of [...query, 'CANARY'])
        await this.send(method, `${path}?${name}=${encodeURIComponent(forged(name))}`);
      await this.send(method, path.replaceAll(/{\w+}/g, encodeURIComponent(forged('id'))));
      for (const name of HEADERS.filter((name) => name !== 'host')) {
        await this.send(method, path, { headers: { [name]: `CANARY ${name}` } });
      }
    }
    await this.send('GET', `/${encodeURIComponent(forged('path'))}/${this.account.key}`);
    await this.send('GET', '/%zzCANARY');
    return this.statuses(before);
  }

  /** Each route that writes, with a canary in all members that may hold one, and in each member alone. */
  async writes(): Promise<number[]> {
    const before = this.answers.length;
    for (const { method, path, schema } of this.operations.filter(({ method }) => method !== 'GET')) {
      const { id } = await this.target(path);
      const target = path.replaceAll(/{\w+}/g, id);
      if (!schema) await this.send(method, target, { body: forged('nothing') });
      else for (const body of bodiesOf(schema, id)) await this.send(method, target, { body });
    }
    return this.statuses(before);
  }

  /** A new customer, key or webhook; the last one when the database takes no more. */
  private async target(path: string): Promise<{ id: string }> {
    const kind = path.split('/')[2] ?? '';
    const makers: Record<string, () => Promise<{ id: string }>> = {
      'api-keys': () => this.account.makeKey(),
      webhooks: () => this.makeWebhook(),
    };
    const make = makers[kind] ?? (() => this.account.makeCustomer());
    this.known[kind] = await make().catch(() => this.known[kind]);
    return this.known[kind] as { id: string };
  }

  /** A seller may have few, so that the ones before have to go. */
  private async makeWebhook(): Promise<{ id: string }> {
    await this.account.sql('DELETE FROM webhooks WHERE seller_id = $1', [this.account.seller.id]);
    return makeWebhook(this.account);
  }

  private readonly known: Record<string, { id: string } | undefined> = {};

  /** What is refused for what is stored: the same email, an old version, a used key, no such customer, no such key. */
  async conflicts(): Promise<void> {
    const before = this.answers.length;
    const [one, other] = [await this.account.makeCustomer(), await this.account.makeCustomer()];
    const path = `/api/customers/${one.id}`;
    const last_name = forged('last_name');
    const headers = { 'idempotency-key': 'CANARY key' };
    await this.send('PATCH', path, { body: { email: other.email, last_name } });
    await this.send('PATCH', path, { body: { last_name }, headers: { 'if-match': '"8", "CANARY"' } });
    await this.send('PATCH', path, { body: { last_name }, headers });
    await this.send('PATCH', path, { body: { last_name: 'CANARY' }, headers });
    await this.send('PATCH', `/api/customers/${this.account.seller.id}`, { body: { last_name } });
    await this.send('PATCH', path, {
      body: { last_name },
      headers: { 'x-api-key': this.account.key.replace(/.$/, '') },
    });
    await this.send('PATCH', path, { body: 'CANARY'.repeat(20_000) });
    await this.send('PATCH', path, { body: `{"last_name": "CANARY` });
    expect(this.statuses(before)).toEqual([409, 412, 200, 422, 404, 401, 413, 400]);
  }

  /** What only bytes can say: a line break in each header, and what is no HTTP. */
  async heads(): Promise<void> {
    const lines = HEADERS.map((name) => `GET /api/me HTTP/1.1\r\n${name}: ${forged(name)}\r\n\r\n`);
    lines.push(`GET /CANARY?x HTTP/1.1\r\nHost: CANARY/x\r\nConnection: close\r\n\r\n`, `${forged('garbage')}\r\n\r\n`);
    lines.push(
      `CONNECT CANARY:1 HTTP/1.1\r\nHost: x\r\n\r\n`,
      `GET /?CANARY HTTP/1.1\r\nHost: x\r\nExpect: CANARY\r\n\r\n`,
    );
    lines.push(`GET /CANARY${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`, `CANARY / HTTP/1.1\r\n\r\n`);
    for (const bytes of lines) expect(await sendRaw(this.port, bytes)).toMatch(/^HTTP\/1\.1 4/);
    this.raw = lines.length;
  }

  private statuses(from: number): number[] {
    return this.answers.slice(from).map(({ status }) => status);
  }

  check(output: string): void {
    const lines = output.trim().split('\n');
    const objects = lines.map((line) => JSON.parse(line));
    for (const line of objects) expect(line).toMatchObject({ level: expect.any(Number), time: expect.any(String) });
    const summaries = objects.filter(({ status }) => status !== undefined);
    expect(summaries).toHaveLength(this.answers.length + this.raw);
    for (const { headers, status } of this.answers) {
      const id = headers.get('x-request-id');
      expect(summaries.filter(({ request_id }) => request_id === id)).toMatchObject([{ status }]);
    }
    for (const secret of ['CANARY', 'forged', '@', 'k_live_', 's_live_', 'example.com', 'Jane']) {
      expect(lines.filter((line) => line.includes(secret))).toEqual([]);
    }
    expect(output).not.toMatch(/UPDATE|INSERT|SELECT|constraint|\bat \S+\.[jt]s|\/dist\//);
  }
}

function bodiesOf(schema: object, id: string): object[] {
  const example = exampleOf(schema, id);
  const members = membersIn(schema).filter((path) => path.at(-1) !== 'customers');
  const alone = members.map((path) => withValue(example, path, forged(path.join('/'))));
  const texts = members.filter((path) => typeof valueAt(example, path) === 'string' && isFree(path));
  const all = texts.reduce((body, path) => withValue(body, path, forged(path.join('/')).slice(0, 20)), example);
  return [all, { ...example, [forged('name')]: 'CANARY' }, ...alone];
}

/** Whether a member takes any text. */
function isFree(path: string[]): boolean {
  return !['id', 'email', 'language', 'status', 'expires_at'].includes(path.at(-1) as string);
}
