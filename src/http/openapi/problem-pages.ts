import type { RenderPage } from './docs-page';
import { examplesOf, type ProblemDocs, PROBLEMS, titleOf } from '../errors/problems';

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
  pre { overflow-x: auto; padding: 1rem; border: 1px solid #8888; border-radius: 4px }
  code { font-family: ui-monospace, monospace; overflow-wrap: anywhere }
`;

/** A page for every type of error that a problem document can name, and a list of them, by their paths. */
export function problemPages(publicPath: string): [path: string, RenderPage][] {
  return [
    ['/problems', listPage],
    ...Object.entries(PROBLEMS).map(([name, docs]): [string, RenderPage] => {
      const type = `${publicPath}/problems/${name}`;
      return [`/problems/${name}`, (root) => problemPage(root, type, docs)];
    }),
  ];
}

function problemPage(root: string, type: string, docs: ProblemDocs): string {
  const { plain, problem } = examplesOf(type, docs);
  const title = `${docs.status} ${titleOf(docs.status)}`;
  return page(
    title,
    `<nav><a href="${root}docs">API documentation</a> · <a href="${root}problems">All errors</a></nav>
<h1>${title}</h1>
<p>Type: <code>${type}</code></p>
<h2>What it means</h2>
<p>${toHtml(docs.meaning)}</p>
<h2>What to do</h2>
<p>${toHtml(docs.advice)}</p>
<h2>Example</h2>
<pre><code>${escapeHtml(JSON.stringify(plain, null, 2))}</code></pre>
<p>With <code>Accept: application/problem+json</code>:</p>
<pre><code>${escapeHtml(JSON.stringify(problem, null, 2))}</code></pre>`,
  );
}

function listPage(root: string): string {
  const items = Object.entries(PROBLEMS).map(
    ([name, { status, meaning }]) =>
      `<li><a href="${root}problems/${name}">${status} <code>${name}</code></a>: ${toHtml(meaning)}</li>`,
  );
  return page(
    'Errors',
    `<nav><a href="${root}docs">API documentation</a></nav>\n<h1>Errors</h1>\n<ul>\n${items.join('\n')}\n</ul>`,
  );
}

function page(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Virtual Office Customers</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

/** With what stands between backticks as code. */
function toHtml(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
