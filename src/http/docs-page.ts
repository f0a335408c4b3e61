import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createDocument } from './openapi';

/** Without it a phone lays the page out for a screen of 980 pixels; Nest's page lacks it. */
const VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">';

const PAGE = /^\/docs(\/|\/index\.html)?$/;

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#3b4151"/>' +
  '<path d="M3.5 4.5 8 12l4.5-7.5" fill="none" stroke="#fff" stroke-width="2"/></svg>';

/** No operation has links; no button is to cover what an answer says, or to stick out on a phone. */
const STYLE = `
  .swagger-ui .response-col_links { display: none }
  .swagger-ui .live-responses-table .highlight-code pre { padding-bottom: 50px !important }
  .swagger-ui .opblock-section-header .btn { min-width: 0; padding: 5px 16px }
  .swagger-ui .dialog-ux .modal-ux-content { max-height: 78vh }
  .swagger-ui .auth-container { margin: 0; padding: 5px 20px }
`;

/** Serves Swagger UI at /docs and the document at /docs-json and /docs-yaml. */
export function serveDocs(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', (route) => {
      if (PAGE.test(route.url)) route.onSend = [addViewport, route.onSend ?? []].flat();
    });
  SwaggerModule.setup('docs', app, () => createDocument(app), {
    customSiteTitle: 'Virtual Office Customers',
    customfavIcon: `data:image/svg+xml,${encodeURIComponent(ICON)}`,
    customCss: STYLE,
    swaggerOptions: { layout: 'BaseLayout', defaultModelsExpandDepth: 0 },
  });
}

async function addViewport(_request: FastifyRequest, _reply: FastifyReply, page: unknown): Promise<unknown> {
  return typeof page === 'string' ? page.replace('<head>', `<head>\n  ${VIEWPORT}`) : page;
}
