import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { negotiate } from '@fastify/accept-negotiator';
import type { FastifyInstance } from 'fastify';
import { matchesWeakly } from '../preconditions';

const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } };

/** Kept by browsers and caches, which ask whether it is still the same: a new release has another document. */
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
export function serveCompressed(server: FastifyInstance, url: string, type: string, render: () => string): () => void {
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
