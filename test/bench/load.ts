import autocannon from 'autocannon';
import { randomCustomerId } from './customers';

/** A server that changes customers, and the headers that it asks for. */
export interface Target {
  url: string;
  headers: Record<string, string>;
}

export interface Load {
  requestsPerSecond: number;
  /** In milliseconds, like p99. */
  p50: number;
  p99: number;
  /** Requests with an error, an answer other than 2xx, or no answer. */
  failures: number;
}

/** Changes one random customer after the other over each connection, for some seconds or some requests in all. */
export async function patchCustomers(
  { url, headers }: Target,
  connections: number,
  extent: { duration: number } | { amount: number },
): Promise<Load> {
  const times: number[] = [];
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(
      {
        url,
        connections,
        ...extent,
        // Often enough that a run lasts no longer than it should.
        sampleInt: 100,
        method: 'PATCH',
        headers: { ...headers, 'content-type': 'application/json' },
        requests: [{ setupRequest: change }],
      },
      (error: Error | null, done) => (error ? reject(error) : resolve(done)),
    );
    // autocannon's own figures are whole milliseconds.
    run.on('response', (_client, _status, _bytes, time) => times.push(time));
  });
  times.sort((a, b) => a - b);
  return {
    requestsPerSecond: result['2xx'] / result.duration,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    failures: result.errors + result.non2xx + unanswered(result),
  };
}

function change(request: autocannon.Request): autocannon.Request {
  request.path = `/api/customers/${randomCustomerId()}`;
  request.body = JSON.stringify({ company_name: `Company ${Math.floor(Math.random() * 1e9)}` });
  return request;
}

/** autocannon counts no error when a server closes a connection. One request a connection is under way at the end. */
function unanswered({ requests, non2xx, connections, ...result }: autocannon.Result): number {
  return Math.max(0, requests.sent - result['2xx'] - non2xx - connections);
}

function percentile(sorted: number[], share: number): number {
  return sorted[Math.floor(sorted.length * share)] ?? NaN;
}
