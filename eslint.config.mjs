import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const TERMINAL = 'Only src/terminal.ts prints: it escapes what a terminal could take for a command.';
const PROCESS = { name: 'node:process', message: 'Only src/config reads the environment.' };

export default tseslint.config(
  { ignores: ['dist', '.data', '.stryker-tmp', 'test/support/api.d.ts'] },
  eslint.configs.recommended,
  tseslint.configs.strict,
  {
    languageOptions: { parserOptions: { emitDecoratorMetadata: true, experimentalDecorators: true } },
    rules: {
      'max-lines': ['error', 250],
      'no-restricted-imports': ['error', PROCESS],
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
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['jest.config.js', '.dependency-cruiser.cjs', 'test/jest/*.js'],
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
  {
    files: ['src/config/**', 'test/**'],
    rules: { 'no-restricted-properties': 'off', 'no-restricted-imports': 'off' },
  },
);
