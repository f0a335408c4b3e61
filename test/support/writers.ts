import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client as DatabaseClient } from 'pg';
import { Client } from './client';
import { type Account, uniqueEmail } from './factories';
import { cli, inTemporaryFolder } from './process';

/** What a change may be answered while others change and delete the same customers, and an instance is killed. */
const ANSWERS = [200, 201, 204, 404, 409, 412, 503, 0];

const RECORDS_PER_IMPORT = 300;

/** How many work at a time. */
const WORKERS = {
  patch: 5,
  suspend: 2,
  create: 4,
  bulk: 3,
  atomic: 2,
  revert: 2,
  erase: 2,
  hold: 2,
  collide: 1,
  import: 1,
};

type Kind = keyof typeof WORKERS;

/** The writers that leave no transaction open for long, and nothing to be started. */
export const QUICK_WORKERS: Partial<Record<Kind, number>> = { patch: 12, create: 4, bulk: 4, atomic: 2, revert: 2 };

/** 24 writers of every kind, on two instances, the command line, and by hand. */
export class Writers {
  /** How many changes were answered with success, by their kind. */
  readonly done: Record<string, number> = {};
  private readonly ids: string[] = [];
  private isOver = false;

  constructor(
    private readonly account: Account,
    private readonly databaseUrl: string,
    /** Instances, as far as they are up. */
    private readonly urls: () => string[],
    private readonly workers: Partial<Record<Kind, number>> = WORKERS,
  ) {}

  async run(ms: number): Promise<void> {
    for (let i = 0; i < 60; i++) this.ids.push((await this.account.makeCustomer()).id);
    const kinds = Object.entries(this.workers).flatMap(([kind, count]) => Array<Kind>(count).fill(kind as Kind));
    expect(kinds).toHaveLength(24);
    const working = Promise.all(kinds.map((kind) => this.work(kind)));
    await sleep(ms);
    this.isOver = true;
    await working;
  }

  private async work(kind: Kind): Promise<void> {
    while (!this.isOver) {
      const count = await this[kind]();
      this.done[kind] = (this.done[kind] ?? 0) + count;
    }
  }

  private some(): string {
    return this.ids[Math.floor(Math.random() * this.ids.length)] as string;
  }

  private async send(method: string, path: string, body?: object): Promise<Record<string, any> | undefined> {
    const urls = this.urls();
    const client = new Client(urls[Math.floor(Math.random() * urls.length)] as string, this.account.key);
    const { status, text } = await client.send(method, `/api/customers${path}`, body);
    client.close();
    expect(ANSWERS).toContain(status);
    if (status === 0 || status >= 400) return undefined;
    return text ? JSON.parse(text) : {};
  }

  private async patch(): Promise<number> {
    return (await this.send('PATCH', `/${this.some()}`, { first_name: randomUUID(), email: uniqueEmail() })) ? 1 : 0;
  }

  private async suspend(): Promise<number> {
    const status = Math.random() < 0.5 ? 'suspended' : 'active';
    return (await this.send('PATCH', `/${this.some()}`, { status })) ? 1 : 0;
  }

  private async create(): Promise<number> {
    const created = await this.send('POST', '', { first_name: 'Jane', last_name: 'Doe', email: uniqueEmail() });
    if (!created) return 0;
    this.ids.push(created.id);
    return 1;
  }

  private async bulk(query = ''): Promise<number> {
    const ids = new Set([this.some(), this.some(), this.some(), this.some(), this.some()]);
    const customers = [...ids].map((id) => ({ id, company_name: randomUUID() }));
    const answer = await this.send('PATCH', query, { customers });
    return answer?.results.filter(({ status }: { status: number }) => status === 200).length ?? 0;
  }

  private atomic(): Promise<number> {
    return this.bulk('?atomic=true');
  }

  private async revert(): Promise<number> {
    return (await this.send('POST', `/${this.some()}/revert`, { version: 1 })) ? 1 : 0;
  }

  private async erase(): Promise<number> {
    await sleep(100);
    const id = this.some();
    if (!(await this.send('DELETE', `/${id}`))) return 0;
    this.ids.splice(this.ids.indexOf(id), 1);
    return 1;
  }

  /** A transaction by hand that has its id, holds some rows, and ends late. */
  private hold(): Promise<number> {
    return this.byHand(async (client) => {
      await client.query('SELECT pg_current_xact_id()');
      await client.query('SELECT FROM customers WHERE id = ANY($1) FOR UPDATE', [[this.some(), this.some()]]);
      await sleep(50 + Math.random() * 250);
      await client.query('COMMIT');
    });
  }

  /** A transaction by hand holds an email that a creation waits for, which is then older than what was written meanwhile. */
  private collide(): Promise<number> {
    return this.byHand(async (client) => {
      const email = uniqueEmail();
      await client.query(
        `INSERT INTO customers (seller_id, id, first_name, last_name, email, status, source, created_at, updated_at)
         VALUES ($1, gen_random_uuid(), 'A', 'B', $2, 'active', 'api', now(), now())`,
        [this.account.seller.id, email],
      );
      const creation = this.send('POST', '', { first_name: 'Jane', last_name: 'Doe', email });
      await sleep(150);
      await client.query('ROLLBACK');
      await creation;
    });
  }

  private async import(): Promise<number> {
    return inTemporaryFolder(async (folder) => {
      const file = join(folder, 'customers.ndjson');
      const record = () => JSON.stringify({ first_name: 'Im', last_name: 'Port', email: uniqueEmail() });
      await writeFile(file, Array.from({ length: RECORDS_PER_IMPORT }, record).join('\n'));
      const args = ['customers', 'import', '--seller', this.account.seller.id, '--json', file];
      const { code, stdout, stderr } = await cli(args, { DATABASE_URL: this.databaseUrl });
      expect({ code, stderr }).toMatchObject({ code: 0 });
      return JSON.parse(stdout).created;
    });
  }

  private async byHand(work: (client: DatabaseClient) => Promise<void>): Promise<number> {
    const client = new DatabaseClient(this.databaseUrl);
    await client.connect();
    try {
      await client.query('BEGIN');
      await work(client);
      return 1;
    } finally {
      await client.end();
    }
  }
}
