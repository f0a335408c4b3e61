const { transform, modulePathIgnorePatterns } = require('../../jest.config.js');

/** The unit tests beside the code, which need no database: what `npm run test:mutation` runs. */
module.exports = {
  rootDir: '../..',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  modulePathIgnorePatterns,
  // Stryker looks for a path, and knows no <rootDir>.
  testEnvironment: require.resolve('./environment.js'),
  runtime: '<rootDir>/test/jest/runtime.js',
  transform,
};
