import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Config } from '../../config/config';
import { answerBrokenRequests, answerUnhandledRequests, requireSoundHead } from './broken-requests';
import { noteRequests } from './completion';
import { answerInTime } from './deadline';
import { sendError } from '../errors/error-response';
import { joinChunks } from '../body/chunks';
import { closeBeforeUnreadBodies, endAfterAnswer, hasBody } from '../body/unread-body';
import { admitBody, admitJsonBodies } from '../body/json-body';
import { decoratePublicPath, publicPath } from '../public-url';
import { beginInTurns, cutStuckConnections, keepRoomForClients } from './connection-room';
import { type Log, logRequest, requestIdOf } from './log';
import { addSecurityHeaders } from '../security-headers';
import { closeConnectionsWhenStopping } from './stop';
import { routeOfLastResort } from './unknown-routes';
import { limitUnreadAnswers } from './unread-answers';

const MAX_HEADER_BYTES = 16 * 1024;

/** Fastify as the contract wants it: every answer, even to a malformed request, in one form. */
export class ApiFastifyAdapter extends FastifyAdapter {
  private readonly lastResort;

  constructor({ requestTimeoutMs, answerTimeoutMs, publicUrl }: Config, log: Log) {
    const answerContext = { log, publicPath: publicPath(publicUrl) };
    super({
      http: {
        requireHostHeader: false,
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: requestTimeoutMs,
        connectionsCheckingInterval: Math.min(1000, requestTimeoutMs),
      },
      requestTimeout: requestTimeoutMs,
      routerOptions: { maxParamLength: MAX_HEADER_BYTES },
      loggerInstance: log,
      logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
      requestIdHeader: false,
      genReqId: requestIdOf,
      // These never reach a hook, so they are logged here.
      frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
        if (hasBody(request.raw)) endAfterAnswer(request, reply);
        sendError(error, request, reply);
        logRequest(request, reply, reply.statusCode);
      },
      clientErrorHandler: answerBrokenRequests(answerContext),
      return503OnClosing: false,
    });
    const server = this.getInstance();
    decoratePublicPath(server, publicUrl);
    // Set before the first plugin: routes that are registered before Nest sets its own handler would miss that one.
    server.setErrorHandler(sendError);
    this.lastResort = routeOfLastResort(server, MAX_HEADER_BYTES);
    answerUnhandledRequests(server.server, answerContext);
    keepRoomForClients(server);
    // A part of what a request may take, as reading the answer comes after the work.
    cutStuckConnections(server.server, requestTimeoutMs / 2);
    // Past 2,000 headers Node would drop the rest, and with it a key or a second Host. Their size is limited anyway.
    server.server.maxHeadersCount = 0;
    joinChunks(server.server);
    closeBeforeUnreadBodies(server);
    noteRequests(server);
    beginInTurns(server);
    addSecurityHeaders(server);
    limitUnreadAnswers(server);
    closeConnectionsWhenStopping(server);
    answerInTime(server, answerTimeoutMs);
    server.addHook('onRequest', (request, reply, done) => {
      reply.header('x-request-id', request.id);
      requireSoundHead(request);
      admitBody(request);
      done();
    });
  }

  /** An answer that comes after the deadline goes nowhere. */
  override reply(reply: FastifyReply, body: unknown, status?: number) {
    return reply.sent ? reply : super.reply(reply, body, status);
  }

  override registerParserMiddleware(): void {
    admitJsonBodies(this.getInstance());
  }

  /** Keeps the handler that the constructor has set: Nest's would replace it. */
  override setErrorHandler() {
    return this.getInstance();
  }

  override setNotFoundHandler() {
    return this.getInstance().setNotFoundHandler(this.lastResort);
  }
}
