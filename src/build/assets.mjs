// Copies what the pages of the documentation load into dist/assets/, each file also compressed.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const require = createRequire(import.meta.url);
const SWAGGER_UI = dirname(require.resolve('swagger-ui-dist/package.json'));
const SCALAR = join(dirname(require.resolve('@scalar/api-reference')), '..');
const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js'].map((name) => join(SWAGGER_UI, name));

/** The highest quality (11) would take a minute for Scalar's five megabytes, and save a few percent. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } };

export function buildAssets(root) {
  const folder = join(root, 'dist', 'assets');
  mkdirSync(folder, { recursive: true });
  const own = ['docs.js', 'docs.css', 'reference.js'].map((name) => join(root, 'src', 'http', 'pages', name));
  for (const file of [...FILES, ...own]) add(file, join(folder, basename(file)));
  add(join(SCALAR, 'dist', 'browser', 'standalone.js'), join(folder, 'scalar.js'));
  copyFileSync(join(SWAGGER_UI, 'LICENSE'), join(folder, 'LICENSE-swagger-ui'));
}

function add(source, target) {
  const bytes = readFileSync(source);
  writeFileSync(target, bytes);
  writeFileSync(`${target}.br`, brotliCompressSync(bytes, BROTLI));
  writeFileSync(`${target}.gz`, gzipSync(bytes));
}
