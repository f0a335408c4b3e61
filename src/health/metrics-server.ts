import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { collectDefaultMetrics, register } from 'prom-client';
import type { Config } from '../config/config';
import { untilListening } from '../http/adapter/listen';

/** For a request to arrive, in milliseconds. */
const LIMITS = { headersTimeout: 5000, requestTimeout: 5000, connectionsCheckingInterval: 1000 };

/**
 * Serves `/metrics` for Prometheus, on a port of its own that need not be open to clients; nothing when the port is 0.
 * @returns how to stop.
 * @throws Error that names METRICS_PORT when the port is taken.
 */
export async function serveMetrics({ host, metricsPort }: Config): Promise<() => Promise<void>> {
  if (metricsPort === 0) return async () => undefined;
  // Among them the delay of the event loop, and memory. Once in a process.
  if (!register.getSingleMetric('nodejs_eventloop_lag_seconds')) collectDefaultMetrics();
  const server = createServer(LIMITS, (request, response) => {
    if (request.method === 'GET' && request.url === '/metrics') void answer(response);
    else response.writeHead(404).end();
  });
  server.listen(metricsPort, host);
  await untilListening(once(server, 'listening'), { host, port: metricsPort, variable: 'METRICS_PORT' });
  return async () => {
    server.close();
    server.closeAllConnections();
  };
}

async function answer(response: ServerResponse): Promise<void> {
  try {
    const text = await register.metrics();
    response.writeHead(200, { 'content-type': register.contentType }).end(text);
  } catch {
    response.writeHead(500).end();
  }
}
