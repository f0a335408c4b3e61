import { STATUS_CODES } from 'node:http';
import { type ProblemDocs, type ProblemName, PROBLEMS, type ProblemType } from './problems';

const BY_STATUS = new Map<number, ProblemName>(
  Object.entries(PROBLEMS)
    .filter(([name, { status }]) => name === inKebabCase(titleOf(status)))
    .map(([name, { status }]) => [status, name as ProblemName]),
);

/** The type of the errors of a status, unless they say otherwise; RFC 9457 has a word for those that are no more than it. */
export function typeOf(status: number): ProblemType | 'about:blank' {
  const name = BY_STATUS.get(status);
  return name ? `/problems/${name}` : 'about:blank';
}

/** A type as clients see it: the path of its page, behind a proxy too. */
export function publicTypeOf(type: ProblemType | 'about:blank', publicPath: string): string {
  return type === 'about:blank' ? type : publicPath + type;
}

/** What is documented of an error, by its status or its name. */
export function docsOf(error: number | ProblemName): ProblemDocs {
  const name = typeof error === 'number' ? BY_STATUS.get(error) : error;
  if (!name) throw new Error(`There is no documentation of the error ${error}`);
  return PROBLEMS[name];
}

/** The two forms in which clients get an error. */
export function examplesOf(
  type: string,
  { status, message, problem }: Pick<ProblemDocs, 'status' | 'message' | 'problem'>,
) {
  const title = titleOf(status);
  const instance = '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f';
  return { plain: { error: title, message }, problem: { type, title, status, detail: message, instance, ...problem } };
}

export function titleOf(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}

function inKebabCase(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z]+/g, '-');
}
