import { type Attributes, type SpanContext, SpanKind } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node';
import type { Log } from '../http/adapter/log';

/** For requests. Not path, query, host, addresses and user agent, which the client chooses. */
const OF_REQUESTS = [
  'http.request.method',
  'http.response.status_code',
  'http.route',
  'url.scheme',
  'network.protocol.version',
  'error.type',
];

/** For statements. Not their parameters, for which their texts have placeholders. */
const OF_STATEMENTS = [
  'db.system.name',
  'db.namespace',
  'db.query.text',
  'db.postgresql.plan',
  'server.address',
  'server.port',
];

const SQLSTATE = /\(code: ([0-9A-Z]{5})\)$/;

/**
 * Exports of each span only what can't hold anything of a customer or a key, whatever the instrumentations record. The
 * messages of errors are not among it: PostgreSQL's quote values. Says when exporting begins to fail, and when it is over.
 */
export class RedactingExporter implements SpanExporter {
  private isFailing = false;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly log: Log,
  ) {}

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.exporter.export(spans.map(withoutContents), (result) => {
      if (result.code === ExportResultCode.FAILED) this.fail(result.error);
      else this.recover();
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  /** Notes that what is still to be exported never will be. */
  giveUp(): void {
    this.fail();
  }

  /** Without the error's message, in which there may be what the collector has answered. */
  private fail(error?: Error & { code?: unknown }): void {
    if (!this.isFailing) this.log.warn({ code: error?.code }, 'Traces are not exported');
    this.isFailing = true;
  }

  private recover(): void {
    if (this.isFailing) this.log.info('Traces are exported again');
    this.isFailing = false;
  }
}

function withoutContents(span: ReadableSpan): ReadableSpan {
  const { name, kind, parentSpanContext, startTime, endTime, duration, ended, resource, instrumentationScope } = span;
  return {
    ...{ name, kind, startTime, endTime, duration, ended, resource, instrumentationScope },
    spanContext: () => withoutState(span.spanContext()),
    parentSpanContext: parentSpanContext && withoutState(parentSpanContext),
    status: { code: span.status.code },
    attributes:
      kind === SpanKind.SERVER ? pick(span, OF_REQUESTS) : { ...pick(span, OF_STATEMENTS), ...failureOf(span) },
    links: span.links.map(({ context }) => ({ context: withoutState(context) })),
    events: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: span.droppedLinksCount,
  };
}

/** A caller's `tracestate` may hold anything. */
function withoutState({ traceId, spanId, traceFlags }: SpanContext): SpanContext {
  return { traceId, spanId, traceFlags };
}

function pick({ attributes }: ReadableSpan, names: string[]): Attributes {
  return Object.fromEntries(names.filter((name) => name in attributes).map((name) => [name, attributes[name]]));
}

function failureOf({ events }: ReadableSpan): Attributes {
  for (const { attributes } of events) {
    const [, code] = SQLSTATE.exec(String(attributes?.['exception.message'])) ?? [];
    if (code) return { 'error.type': code };
  }
  return {};
}
