import { NotFoundException } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import findMyWay from 'find-my-way';
import { ACCEPT_PATCH, noSuchRoute, sendError } from '../errors/error-response';
import { MethodNotAllowedException } from '../errors/errors';

interface KnownPath {
  /** As OpenAPI writes it: `/api/customers/{id}`. */
  template: string;
  methods: Set<string>;
}

/**
 * Answers the requests that no route serves: 405 when the path has other methods, OPTIONS with those methods, and 404
 * otherwise. Has to see the server before its first route, because it learns the paths as they are registered.
 */
export function routeOfLastResort(server: FastifyInstance, maxParamLength: number) {
  const paths = findMyWay({ maxParamLength });
  server.addHook('onRoute', ({ url, method }) => {
    const known = paths.findRoute('GET', url)?.store as KnownPath | undefined;
    const path = known ?? { template: url.replaceAll(/:(\w+)/g, '{$1}'), methods: new Set() };
    if (!known) paths.on('GET', url, () => undefined, path);
    for (const name of [method].flat()) path.methods.add(name);
  });

  function knownPath(url: string): KnownPath | undefined {
    const found = paths.find('GET', url);
    const isWhole = found && Object.entries(found.params).every(([name, value]) => name === '*' || value !== '');
    return isWhole ? (found.store as KnownPath) : undefined;
  }

  return (request: FastifyRequest, reply: FastifyReply): void => {
    const [url = ''] = request.url.split('?');
    const known = knownPath(url);
    // A known method comes here when its handler has found that there is no such thing, such as a file of the docs.
    if (!known || known.methods.has(request.method)) {
      return sendError(new NotFoundException(noSuchRoute(request)), request, reply);
    }
    const allowed = [...known.methods, 'OPTIONS'];
    if (request.method === 'OPTIONS') return answerOptions(allowed, reply);
    sendError(new MethodNotAllowedException(request.method, known.template, allowed), request, reply);
  };
}

function answerOptions(allowed: string[], reply: FastifyReply): void {
  if (allowed.includes('PATCH')) reply.header('accept-patch', ACCEPT_PATCH);
  reply.status(204).header('allow', allowed.join(', ')).send();
}
