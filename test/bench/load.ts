import autocannon from 'autocannon';
import type { CpuTime } from './cpu';
import type { Operation } from './operations';

/** A server with customers, and the headers that it asks for. */
export interface Target {
  url: string;
  headers: Record<string, string>;
  customers: number;
}

export interface Load {
  requestsPerSecond: number;
  /** In milliseconds, like p99. */
  p50: number;
  p99: number;
  /** Requests with an error, an answer other than 2xx, or no answer. */
  failures: number;
  /** How many succeeded. */
  requests: number;
  /** CPU time for each, in microseconds, where it can be measured. */
  cpu?: CpuTime;
}

/** Sends requests for random customers, one after the other over each connection, for some seconds or some in all. */
export async function applyLoad(
  { url, headers, customers }: Target,
  { method, request, maxConnections = Infinity }: Operation,
  connections: number,
  extent: { duration: number } | { amount: number },
): Promise<Load> {
  const times: number[] = [];
  const setupRequest = (prepared: autocannon.Request) =>
    Object.assign(prepared, request(1 + Math.floor(Math.random() * customers), customers));
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(
      {
        url,
        connections: Math.min(connections, maxConnections),
        ...extent,
        // Often enough that a run lasts no longer than it should.
        sampleInt: 100,
        method,
        headers: method !== 'GET' ? { ...headers, 'content-type': 'application/json' } : headers,
        requests: [{ setupRequest }],
      },
      (error: Error | null, done) => (error ? reject(error) : resolve(done)),
    );
    // autocannon's own figures are whole milliseconds.
    run.on('response', (_client, _status, _bytes, time) => times.push(time));
  });
  return {
    requestsPerSecond: result['2xx'] / result.duration,
    ...percentiles(times),
    requests: result['2xx'],
    failures: result.errors + result.non2xx + unanswered(result),
  };
}

export function percentiles(times: number[]): { p50: number; p99: number } {
  const sorted = times.toSorted((a, b) => a - b);
  const percentile = (share: number) => sorted[Math.floor(sorted.length * share)] ?? NaN;
  return { p50: percentile(0.5), p99: percentile(0.99) };
}

/**
 * autocannon counts no error when a server closes a connection. One request a connection may be under way at the end,
 * but not all that there were.
 */
function unanswered({ requests, non2xx, connections, ...result }: autocannon.Result): number {
  const open = requests.sent - result['2xx'] - non2xx;
  return result['2xx'] === 0 ? open : Math.max(0, open - connections);
}
