import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const TECHNICAL = ['http', 'database', 'config'];
const FEATURES = ['customers', 'api-keys', 'sellers', 'portal', 'history', 'health', 'cli'];

/** Imports go one way: features use the technical folders, never the other way round. */
function mayNotImport(folders) {
  const group = folders.flatMap((folder) => [`**/${folder}`, `**/${folder}/**`]);
  return {
    'no-restricted-imports': [
      'error',
      { patterns: [{ group, message: 'Imports go one way (README, "Work on it").' }] },
    ],
  };
}

export default tseslint.config(
  { ignores: ['dist', '.data', 'coverage'] },
  eslint.configs.recommended,
  tseslint.configs.strict,
  {
    languageOptions: { parserOptions: { emitDecoratorMetadata: true, experimentalDecorators: true } },
    rules: {
      'max-lines': ['error', 200],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only src/config reads it.' },
      ],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true, allowStaticOnly: true, allowEmpty: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
    },
  },
  { files: ['jest.config.js'], languageOptions: { globals: { module: 'writable' } } },
  // Tests read answers as a client does: as JSON that could be anything.
  { files: ['test/**'], rules: { '@typescript-eslint/no-explicit-any': 'off' } },
  { files: ['src/config/**', 'test/**'], rules: { 'no-restricted-properties': 'off' } },
  { files: TECHNICAL.map((folder) => `src/${folder}/**`), rules: mayNotImport([...FEATURES, 'app', 'app.module']) },
  { files: ['src/config/**'], rules: mayNotImport([...FEATURES, 'http', 'database']) },
  { files: ['src/database/**'], rules: mayNotImport([...FEATURES, 'http']) },
  { files: FEATURES.filter((f) => f !== 'cli').map((folder) => `src/${folder}/**`), rules: mayNotImport(['cli']) },
);
