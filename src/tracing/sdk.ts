import { context } from '@opentelemetry/api';
import { getRPCMetadata, RPCType, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { FastifyInstance } from 'fastify';
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config';
import { createLog } from '../http/adapter/log';
import { RedactingExporter } from './redacting-exporter';

/** How long the last spans may take at the end of the process. */
const FLUSH_TIMEOUT_MS = 2000;

/** What machines ask all the time. */
const NOT_TRACED = /^\/(health\/|metrics$)/;

/**
 * Starts tracing. The exporter, the sampler and the queue read the standard variables (`OTEL_…`) themselves.
 * @returns how to stop; to be the last of all, as it may end the process.
 */
export function startSdk(config: Config): () => Promise<void> {
  const exporter = new RedactingExporter(new OTLPTraceExporter(), createLog(config));
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'virtual-office-customers' }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  // Callers' baggage may hold anything, and is of no use here.
  provider.register({ propagator: new W3CTraceContextPropagator() });
  new HttpInstrumentation({ disableOutgoingRequestInstrumentation: true, ignoreIncomingRequestHook: isNotTraced });
  // What no request has asked for (migrations, the removal of old records) has no spans.
  new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true });
  subscribe('fastify.initialization', (message) => nameRoutes((message as { fastify: FastifyInstance }).fastify));
  return () => flush(provider, exporter);
}

function isNotTraced({ url = '' }: IncomingMessage): boolean {
  return NOT_TRACED.test(url);
}

/** The span of a request is named by its route, as in the log and the metrics. */
function nameRoutes(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _, done) => {
    const metadata = getRPCMetadata(context.active());
    if (metadata?.type === RPCType.HTTP) metadata.route = request.routeOptions.url;
    done();
  });
}

async function flush(provider: NodeTracerProvider, exporter: RedactingExporter): Promise<void> {
  const isDone = provider.shutdown().then(
    () => true,
    () => true,
  );
  if (await Promise.race([isDone, sleep(FLUSH_TIMEOUT_MS, false, { ref: false })])) return;
  exporter.giveUp();
  // Node would wait until the exporter has tried for the last time.
  setImmediate(() => process.exit());
}
