/** Mutation testing of what does no I/O, by the unit tests beside it. CONTRIBUTING.md says how to read its report. */
export default {
  testRunner: 'jest',
  jest: { projectType: 'custom', configFile: 'test/jest/unit.config.js' },
  coverageAnalysis: 'perTest',
  mutate: [
    'src/api-keys/secret-format.ts',
    'src/customers/dto/customer.query.ts',
    'src/customers/import/csv-reader.ts',
    'src/customers/merge.ts',
    'src/customers/write/schedule.ts',
    'src/customers/write/write-plan.ts',
    'src/http/cursor.ts',
    'src/http/idempotency.ts',
    'src/http/preconditions.ts',
    'src/http/openapi/dto-schemas.ts',
    'src/http/validation/*.ts',
    'src/webhooks/delivery/retry-schedule.ts',
    '!src/**/*.spec.ts',
  ],
  // A copy of the project, without what the unit tests have no use for.
  ignorePatterns: ['dist', '.data', 'docs', 'deploy', 'test/**/*.e2e-spec.ts'],
  tempDirName: '.stryker-tmp',
  cleanTempDir: 'always',
  concurrency: 2,
  reporters: ['clear-text'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  thresholds: { high: 90, low: 90, break: 90 },
};
