import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const FEATURES = ['customers', 'api-keys', 'sellers', 'portal', 'history', 'health'];
const TOP = ['app', 'app.module', 'demo', 'main', 'serve', 'failure', 'cli', 'tracing'];
const TERMINAL = 'Only src/terminal.ts prints: it escapes what a terminal could take for a command.';
const PROCESS = { name: 'node:process', message: 'Only src/config reads the environment.' };

/** Imports go one way: features use http, database and config, and http uses the other two; never back. */
const FORBIDDEN = {
  config: [...TOP, ...FEATURES, 'http', 'database'],
  database: [...TOP, ...FEATURES, 'http'],
  http: [...TOP, ...FEATURES],
  tracing: [...TOP, ...FEATURES, 'database'],
  ...Object.fromEntries(FEATURES.map((feature) => [feature, TOP])),
};

function imports([folder, forbidden]) {
  const group = forbidden.flatMap((name) => [`**/${name}`, `**/${name}/**`]);
  const patterns = [{ group, message: 'Imports go one way (README, "Work on it").' }];
  const paths = folder === 'config' ? [] : [PROCESS];
  return { files: [`src/${folder}/**`], rules: { 'no-restricted-imports': ['error', { patterns, paths }] } };
}

export default tseslint.config(
  { ignores: ['dist', '.data', 'test/support/api.d.ts'] },
  eslint.configs.recommended,
  tseslint.configs.strict,
  {
    languageOptions: { parserOptions: { emitDecoratorMetadata: true, experimentalDecorators: true } },
    rules: {
      'max-lines': ['error', 250],
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: PROCESS.message }],
      '@typescript-eslint/no-extraneous-class': [
        'error',
        { allowWithDecorator: true, allowStaticOnly: true, allowEmpty: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
    },
  },
  {
    files: ['jest.config.js', 'test/jest/*.js'],
    languageOptions: { globals: { module: 'writable', require: 'readonly', process: 'readonly' } },
    rules: { '@typescript-eslint/no-require-imports': 'off', '@typescript-eslint/no-dynamic-delete': 'off' },
  },
  {
    files: ['src/http/pages/*.js'],
    languageOptions: { globals: { window: 'readonly', document: 'readonly', setTimeout: 'readonly' } },
  },
  { files: ['src/build/*.mjs'], languageOptions: { globals: { process: 'readonly' } } },
  {
    files: ['src/cli/**', 'src/customers/**', 'src/failure.ts', 'src/database/**'],
    ignores: ['src/cli/progress.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: PROCESS.message },
        ...['stdout', 'stderr'].map((property) => ({ object: 'process', property, message: TERMINAL })),
      ],
    },
  },
  // Tests read answers as a client does: as JSON that could be anything.
  { files: ['test/**'], rules: { '@typescript-eslint/no-explicit-any': 'off' } },
  { files: ['src/config/**', 'test/**'], rules: { 'no-restricted-properties': 'off' } },
  ...Object.entries(FORBIDDEN).map(imports),
);
