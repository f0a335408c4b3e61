import type { FastifyInstance, FastifyReply } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** What a proxy puts before the paths of the service; empty without one. */
    publicPath: string;
  }
}

/** What a proxy puts before the paths of the service: `/crm` for `https://example.com/crm/`. */
export function publicPath(publicUrl?: string): string {
  return publicUrl ? new URL(publicUrl).pathname.replace(/\/+$/, '') : '';
}

/** Where the paths of the OpenAPI document begin. */
export function serverUrl(publicUrl?: string): string {
  return publicUrl ? new URL(publicUrl).origin + publicPath(publicUrl) : '/';
}

/** Makes `publicPath` known to the routes of a server. */
export function decoratePublicPath(server: FastifyInstance, publicUrl?: string): void {
  server.decorate('publicPath', publicPath(publicUrl));
}

/** Tells a client where to find what it has created. */
export function setLocation(reply: FastifyReply, path: string): void {
  reply.header('location', reply.server.publicPath + path);
}
