import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Account, uniqueEmail } from './factories';
import { type Answer, request, type RequestOptions } from './http';

const CLIENTS = 16;

/** A request with an Idempotency-Key, and what came of it: nothing as long as each time the service was killed first. */
export interface Sent {
  method: string;
  path: string;
  options: RequestOptions;
  /** The value that this request alone writes. */
  name: string;
  status: number;
  answer?: Answer;
  attempts: number;
}

/** Sends one until it has an answer that is not "later", or the service is gone. */
export async function send(sent: Sent, url: string): Promise<void> {
  for (;;) {
    try {
      sent.attempts++;
      const answer = await request(sent.method, `${url}${sent.path}`, sent.options);
      // An attempt that was cut off when the service was killed may still be in progress.
      if (answer.status === 503 || answer.body.message?.includes('in progress')) await wait(50);
      else return void Object.assign(sent, { answer });
    } catch {
      return;
    }
  }
}

/** Some customers, whom many clients change at once, and the requests that they make. */
export class RetryingLoad {
  readonly all: Sent[] = [];

  constructor(
    private readonly account: Account,
    private readonly ids: string[],
  ) {}

  /** Clients that first send again what was not answered, and then new requests, until the service is killed. */
  async run(url: string, isOver: () => boolean): Promise<void> {
    const unanswered = this.all.filter(({ answer }) => !answer);
    const client = async () => {
      while (!isOver()) await send(unanswered.pop() ?? this.next(), url);
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  }

  get acknowledged(): Sent[] {
    return this.all.filter(({ answer }) => answer);
  }

  private next(): Sent {
    const [n, name] = [this.all.length, `Name ${this.all.length}`];
    const id = this.ids[n % this.ids.length];
    const headers = { 'idempotency-key': randomUUID() };
    const isNew = n % 5 === 0;
    const change = n % 5 === 1 ? { first_name: name, status: n % 2 ? 'suspended' : 'active' } : { first_name: name };
    const newcomer = { ...change, last_name: 'Doe', email: uniqueEmail() };
    const sent: Sent = {
      method: isNew ? 'POST' : 'PATCH',
      path: isNew ? '/api/customers' : `/api/customers/${id}`,
      options: { key: this.account.key, headers, body: isNew ? newcomer : change },
      name,
      status: isNew ? 201 : 200,
      attempts: 0,
    };
    if (n % 5 === 2)
      Object.assign(sent, { path: '/api/customers', options: { ...sent.options, body: this.bulk(name, n) } });
    this.all.push(sent);
    return sent;
  }

  private bulk(first_name: string, n: number) {
    const ids = [n, n + 1, n + 3].map((i) => this.ids[i % this.ids.length]);
    return { customers: ids.map((id) => ({ id, first_name })) };
  }
}
