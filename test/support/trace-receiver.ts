import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  /** 2 for a request, 3 for a statement. */
  kind: number;
  attributes: Record<string, any>;
  links: { traceId: string; spanId: string }[];
  status: { code: number; message?: string };
  start: bigint;
  end: bigint;
  resource: Record<string, any>;
}

/** A collector that takes OTLP over HTTP, in JSON. */
export class TraceReceiver {
  readonly bodies: any[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => void this.receive(request, response));
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url !== '/v1/traces') return void response.writeHead(404).end();
    this.headers.push(request.headers);
    this.bodies.push(await json(request));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }

  static async start(port = 0): Promise<TraceReceiver> {
    const receiver = new TraceReceiver();
    await once(receiver.server.listen(port, '127.0.0.1'), 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get spans(): Span[] {
    return this.bodies
      .flatMap(({ resourceSpans }) => resourceSpans)
      .flatMap(({ resource, scopeSpans }) =>
        scopeSpans.flatMap(({ spans }: any) => spans.map((span: any) => parse(span, resource))),
      );
  }

  /** The spans of a trace: its request, and its statements in the order of their starts. */
  trace(traceId: string): { request: Span | undefined; statements: Span[] } {
    const spans = this.spans.filter((span) => span.traceId === traceId);
    const statements = spans.filter(({ kind }) => kind === 3).sort((a, b) => (a.start < b.start ? -1 : 1));
    return { request: spans.find(({ kind }) => kind === 2), statements };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function parse(span: any, resource: any): Span {
  return {
    ...span,
    attributes: flat(span.attributes),
    links: span.links ?? [],
    start: BigInt(span.startTimeUnixNano),
    end: BigInt(span.endTimeUnixNano),
    resource: flat(resource.attributes),
  };
}

function flat(attributes: any[]): Record<string, any> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

/** What a caller sends to have its trace continued. */
export function traceparent(flags = '01'): { traceId: string; spanId: string; headers: { traceparent: string } } {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-${flags}` } };
}
