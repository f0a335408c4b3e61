import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { NotFoundException } from '@nestjs/common';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { stringify } from 'yaml';
import { noSuchRoute, prefers } from '../errors/error-response';
import { createDocument } from './openapi';
import { problemPages } from './problem-pages';
import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { negotiate } from '@fastify/accept-negotiator';
import { matchesWeakly } from '../preconditions';

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#3b4151"/>' +
  '<path d="M3.5 4.5 8 12l4.5-7.5" fill="none" stroke="#fff" stroke-width="2"/></svg>';

const HOUR = 3600;

declare module 'fastify' {
  interface FastifyInstance {
    /** Makes the documents before the first request, which would else keep all others waiting for them. */
    prepareDocs(): void;
  }
}

/** Makes a page whose links begin with the path from it to the root of the service, so that they hold behind any prefix. */
export type RenderPage = (root: string) => string;

const SWAGGER_UI: RenderPage = (root) =>
  page(
    root,
    `<link rel="stylesheet" href="${root}docs/assets/swagger-ui.css">
<link rel="stylesheet" href="${root}docs/assets/docs.css">`,
    `<div id="swagger-ui"></div>
<p class="other-pages"><a href="${root}reference">The same with code samples and search</a> ·
<a href="${root}problems">All errors</a></p>
<script src="${root}docs/assets/swagger-ui-bundle.js"></script>
<script src="${root}docs/assets/docs.js"></script>`,
  );

const SCALAR: RenderPage = (root) =>
  page(
    root,
    '',
    `<div id="reference"></div>
<script src="${root}docs/assets/scalar.js"></script>
<script src="${root}docs/assets/reference.js"></script>`,
  );

/**
 * Serves the OpenAPI document at /docs-json and /docs-yaml, and pages that show it: Swagger UI at /docs, Scalar's reference at
 * /reference, and the errors at /problems. A browser that asks for / is sent to /docs.
 */
export function serveDocs(app: NestFastifyApplication): void {
  const server = app.getHttpAdapter().getInstance();
  const prepareJson = serveCompressed(server, '/docs-json', 'application/json; charset=utf-8', () =>
    JSON.stringify(createDocument(app)),
  );
  const prepareYaml = serveCompressed(server, '/docs-yaml', 'text/yaml; charset=utf-8', () =>
    stringify(createDocument(app), { aliasDuplicateObjects: false }),
  );
  server.decorate('prepareDocs', () => {
    prepareJson();
    prepareYaml();
  });
  const pages = new Map([['/docs', SWAGGER_UI], ['/reference', SCALAR], ...problemPages(server.publicPath)]);
  for (const [path, render] of pages) servePage(server, path, render);
  redirectBrowsers(server);
  server.register(fastifyStatic, {
    root: assetsFolder(__dirname),
    prefix: '/docs/assets/',
    decorateReply: false,
    // A folder has no page: 404 rather than 403.
    allowedPath: (path) => !path.endsWith('/'),
    index: false,
    preCompressed: true,
    maxAge: HOUR * 1000,
    setHeaders: (reply) => void reply.header('vary', 'accept-encoding'),
  });
}

/** With and without a slash at the end. */
function servePage(server: FastifyInstance, path: string, render: RenderPage): void {
  const toRoot = '../'.repeat(path.split('/').length - 2);
  for (const [url, root] of [
    [path, toRoot || './'],
    [`${path}/`, `../${toRoot}`],
  ] as const) {
    const html = render(root);
    server.get(url, (_, reply) => reply.type('text/html; charset=utf-8').send(html));
  }
}

/** A person who types the address of the service wants to read; a client that calls it has its path wrong. */
function redirectBrowsers(server: FastifyInstance): void {
  server.get('/', (request, reply) => {
    reply.header('vary', 'accept');
    if (!prefers(request.headers.accept, 'text/html', 'application/json')) {
      throw new NotFoundException(noSuchRoute(request));
    }
    return reply.redirect(`${server.publicPath}/docs`);
  });
}

function page(root: string, head: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="openapi" content="${root}docs-json">
<title>Virtual Office Customers</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
${head}
</head>
<body>
${body}
</body>
</html>
`;
}

/**
 * What `npm run build` has copied there (src/build/assets.mjs), seen from the sources as well as from what is built of them,
 * where there is a package.json, too.
 */
function assetsFolder(folder: string): string {
  const isRoot = basename(folder) !== 'dist' && existsSync(join(folder, 'package.json'));
  return isRoot ? join(folder, 'dist', 'assets') : assetsFolder(dirname(folder));
}

const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } };

/** Browsers and caches may keep the document, but ask whether it is still current: a new release changes it. */
const CACHE_CONTROL = 'public, max-age=0, must-revalidate';

interface Prepared {
  /** Weak, as it is the same for all encodings. */
  etag: string;
  bytes: Record<string, Buffer>;
}

/**
 * Serves a text that never changes, cacheable and compressed. It is made once: by the first request, or before by the function
 * that is returned.
 */
function serveCompressed(server: FastifyInstance, url: string, type: string, render: () => string): () => void {
  let prepared: Prepared | undefined;
  const get = () => (prepared ??= prepare(render()));
  server.get(url, (request, reply) => {
    const { etag, bytes } = get();
    reply.headers({ 'cache-control': CACHE_CONTROL, etag, vary: 'accept-encoding' });
    if (matchesWeakly(request.headers['if-none-match'], etag.slice(2))) return reply.status(304).send();
    const encoding = negotiate(request.headers['accept-encoding'] ?? '', ['br', 'gzip']) ?? 'identity';
    if (encoding !== 'identity') reply.header('content-encoding', encoding);
    return reply.type(type).send(bytes[encoding]);
  });
  return get;
}

function prepare(text: string): Prepared {
  const identity = Buffer.from(text);
  const hash = createHash('sha256').update(identity).digest('base64url').slice(0, 22);
  return {
    etag: `W/"${hash}"`,
    bytes: { identity, br: brotliCompressSync(identity, BROTLI), gzip: gzipSync(identity) },
  };
}
