import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import helmet, { type HelmetOptions } from 'helmet';

const NO_STORE = 'no-store';

const DOCS = /^\/(docs|reference|problems)(\/|$)/;

/** Nothing that an answer of the API holds is ever to be run, shown, or framed. */
const NOTHING = { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] };

/** The pages run only what this server sends; Swagger UI and Scalar write styles, and their icons are data. */
const OWN_FILES = {
  ...NOTHING,
  scriptSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
};

/** The headers of every answer but those of the documentation: made once, since they never change. */
export const SECURITY_HEADERS = headersFor(NOTHING);
const DOCS_HEADERS = headersFor(OWN_FILES);

/** Keeps browsers and caches from doing more with an answer than showing it once. */
export function addSecurityHeaders(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(DOCS.test(request.routeOptions.url ?? '') ? DOCS_HEADERS : SECURITY_HEADERS);
    done();
  });
}

function headersFor(directives: typeof NOTHING): Record<string, string> {
  const options: HelmetOptions = {
    contentSecurityPolicy: { useDefaults: false, directives },
    frameguard: { action: 'deny' },
    strictTransportSecurity: { includeSubDomains: false },
    referrerPolicy: { policy: 'no-referrer' },
  };
  const headers: Record<string, string> = { 'cache-control': NO_STORE };
  const response = {
    setHeader: (name: string, value: string) => void (headers[name.toLowerCase()] = value),
    removeHeader: () => undefined,
  };
  helmet(options)({} as IncomingMessage, response as unknown as ServerResponse, () => undefined);
  return headers;
}
