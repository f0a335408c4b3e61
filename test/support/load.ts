import { randomUUID } from 'node:crypto';
import { uniqueEmail } from './factories';
import { type Answer, request, type RequestOptions } from './http';

/** The pause between two requests of a client: the load stays far below what the machine can do. */
const PAUSE_MS = 20;

/** A request of a load, and what came of it. */
export interface Sent {
  kind: string;
  /** The value that this request alone writes; reads have none. */
  name?: string;
  /** When it ended, in milliseconds since the epoch. */
  at: number;
  ms: number;
  /** 0 when there was no answer. */
  status: number;
  retryAfter: string | null;
}

interface Plan {
  kind: string;
  method: string;
  path: string;
  body?: (name: string) => unknown;
}

/** Clients of one seller that send all kinds of requests, one after another, until they are stopped. */
export class Load {
  readonly sent: Sent[] = [];
  private isOver = false;
  private readonly clients: Promise<unknown>;

  constructor(
    private readonly url: string,
    private readonly key: string,
    private readonly ids: string[],
  ) {
    const plans = this.plans();
    this.clients = Promise.all(plans.map((plan) => this.client(plan)));
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.clients;
  }

  private plans(): Plan[] {
    const [first = '', second = ''] = this.ids;
    const update = (id: string): Plan => ({
      kind: 'patch',
      method: 'PATCH',
      path: `/api/customers/${id}`,
      body: (first_name) => ({ first_name }),
    });
    return [
      ...this.ids.map(update),
      ...this.ids.map(update),
      {
        kind: 'create',
        method: 'POST',
        path: '/api/customers',
        body: (first_name) => ({ first_name, last_name: 'Doe', email: uniqueEmail() }),
      },
      {
        kind: 'suspend',
        method: 'PATCH',
        path: `/api/customers/${first}`,
        body: (first_name) => ({ first_name, status: 'suspended' }),
      },
      {
        kind: 'bulk',
        method: 'PATCH',
        path: '/api/customers?atomic=true',
        body: (first_name) => ({ customers: [{ id: second, first_name }] }),
      },
      { kind: 'get', method: 'GET', path: `/api/customers/${first}` },
      { kind: 'list', method: 'GET', path: '/api/customers?search=Doe' },
      { kind: 'history', method: 'GET', path: `/api/customers/${first}/history` },
      { kind: 'key', method: 'GET', path: '/api/me' },
      { kind: 'session', method: 'POST', path: `/api/customers/${second}/portal-sessions` },
    ];
  }

  private async client({ kind, method, path, body }: Plan): Promise<void> {
    while (!this.isOver) {
      const name = body && `Name ${randomUUID()}`;
      const options: RequestOptions = { key: this.key };
      if (name) options.body = body(name);
      const before = performance.now();
      const answer = await request(method, `${this.url}${path}`, options).catch(() => undefined);
      const ms = performance.now() - before;
      const status = statusOf(answer);
      this.sent.push({
        kind,
        name,
        at: Date.now(),
        ms,
        status,
        retryAfter: answer?.headers.get('retry-after') ?? null,
      });
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function statusOf(answer: Answer | undefined): number {
  if (!answer) return 0;
  return answer.status < 300 ? 200 : answer.status;
}
