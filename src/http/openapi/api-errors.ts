import { applyDecorators } from '@nestjs/common';
import { ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ErrorDto, ProblemDto } from './error.dto';
import { docsOf, examplesOf, type ProblemDocs, PROBLEMS, titleOf, typeOf } from '../errors/problems';

/** What any request can meet, whatever its route: together one answer of each operation, so that its own ones can be seen. */
const OF_ANY_REQUEST = [408, 413, 415, 417, 431, 500, 503];

/** An error that means something else on a route than on most others. */
export interface OwnError extends Partial<Pick<ProblemDocs, 'message' | 'problem'>> {
  status: number;
  description?: string;
  /** The last part of the problem document's type; the status says it unless told otherwise. */
  type?: string;
}

/** The 400 of a route that takes a body, with a typical violation as its example. */
export function invalidBody(code: string, rule: string, pointer = ''): OwnError {
  // The message of a missing or unknown member is about the object that should hold it, or should not.
  const isOfMember = !['required', 'additional_property'].includes(code);
  const message = `body${isOfMember ? pointer : ''} ${rule}`;
  return { status: 400, message, problem: { errors: [{ pointer, code, message }] } };
}

/** Documents the errors of a route beside those that any request can meet: 400 and those named, each in both forms. */
export function ApiErrors(...errors: (number | OwnError)[]): MethodDecorator & ClassDecorator {
  const all = [400, ...errors].map((error) => (typeof error === 'number' ? { status: error } : error));
  const last = new Map(all.map((error) => [error.status, error]));
  return applyDecorators(
    ...[...last.values()]
      .sort((a, b) => a.status - b.status)
      .map((error) => ApiResponse({ status: error.status, ...errorResponse(error) })),
  );
}

/** An error as OpenAPI describes an answer. */
export function errorResponse({ status, description, ...own }: OwnError) {
  const docs = { ...docsOf(own.type ?? status), ...own };
  const { plain, problem } = examplesOf(own.type ? `/problems/${own.type}` : typeOf(status), docs);
  return {
    description: description ?? docs.meaning,
    ...(docs.headers && { headers: docs.headers }),
    content: {
      'application/json': { schema: { $ref: getSchemaPath(ErrorDto) }, example: plain },
      'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) }, example: problem },
    },
  };
}

/** The answer of every operation to what any request can meet. */
export function defaultResponse(publicPath: string) {
  const kinds = Object.entries(PROBLEMS).filter(([, { status }]) => OF_ANY_REQUEST.includes(status));
  const lines = kinds.map(
    ([name, { status, meaning }]) => `- [${status} ${titleOf(status)}](${publicPath}/problems/${name}): ${meaning}`,
  );
  const { content, headers } = errorResponse({ status: 503 });
  const description = `What any request can meet:\n\n${lines.join('\n')}`;
  return { description, headers, content };
}

/** A header of answers that hold a secret, for their documentation. */
export const NO_STORE = {
  'Cache-Control': {
    description: 'Nothing on the way may keep the answer',
    schema: { type: 'string' as const },
    example: 'no-store',
  },
};
