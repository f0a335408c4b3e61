const swc = (parser) => [
  '@swc/jest',
  {
    jsc: {
      parser: { dynamicImport: true, ...parser },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
      target: 'es2022',
    },
    module: { type: 'commonjs' },
  },
];

/** Packages that are published as ES modules only, which jest can't load as they are. */
const ES_MODULES = [
  '@nestjs',
  'content-disposition',
  'cookie',
  'uuid',
  'p-limit',
  'yocto-queue',
  'fast-check',
  'pure-rand',
];

/** @type {import('jest').Config} */
module.exports = {
  rootDir: '.',
  testMatch: ['<rootDir>/test/**/*.e2e-spec.ts', '<rootDir>/src/**/*.spec.ts'],
  testEnvironment: 'node',
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  transform: { '\\.ts$': swc({ syntax: 'typescript', decorators: true }), '\\.m?js$': swc({ syntax: 'ecmascript' }) },
  transformIgnorePatterns: [`/node_modules/(?!(${ES_MODULES.join('|')})/)`],
  // By default a machine of two cores runs one file at a time.
  maxWorkers: '100%',
  testTimeout: 30_000,
};
