import { Agent, type IncomingHttpHeaders, request } from 'node:http';

/** What became of a request. Status 0 means that there was no whole answer. */
export interface Outcome {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** From the call to the end of the answer, including the wait for a connection. */
  ms: number;
  error?: string;
}

/** A client that keeps its connections and, other than fetch, sends nothing again by itself. */
export class Client {
  private readonly agent: Agent;

  constructor(
    private readonly url: string,
    private readonly key: string,
    connections = 1,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Never rejects. */
  send(method: string, path: string, body?: object, others: Record<string, string> = {}): Promise<Outcome> {
    const headers = { 'x-api-key': this.key, ...(body && { 'content-type': 'application/json' }), ...others };
    return this.sendRaw(method, path, headers, body && JSON.stringify(body));
  }

  /** With these headers alone, and the body as it is. Never rejects. */
  sendRaw(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Outcome> {
    let before = performance.now();
    return new Promise((resolve) => {
      const failed = (error: Error) =>
        resolve({ status: 0, headers: {}, text: '', ms: performance.now() - before, error: error.message });
      const sent = request(`${this.url}${path}`, { method, headers, agent: this.agent }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        response.on('error', failed).on('end', () => {
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, text, ms: performance.now() - before });
        });
      });
      sent.on('error', failed).on('finish', () => (before = performance.now()));
      sent.end(body);
    });
  }

  /** Makes connections for later, some at a time, as no more may wait to be taken. */
  async connect(count: number, atOnce: number): Promise<void> {
    for (let wanted = atOnce; wanted <= count; wanted += atOnce) {
      await Promise.all(Array.from({ length: wanted }, () => this.send('GET', '/health/live')));
    }
  }

  close(): void {
    this.agent.destroy();
  }
}

/** How many outcomes each status has. Failures without a status are counted by their errors. */
export function countByStatus(outcomes: Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, error } of outcomes) counts[error ?? status] = (counts[error ?? status] ?? 0) + 1;
  return counts;
}

/** The time within which 99 of 100 requests are answered, in milliseconds. */
export function p99(outcomes: Outcome[]): number {
  const sorted = outcomes.map(({ ms }) => ms).sort((one, other) => one - other);
  return Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0);
}
