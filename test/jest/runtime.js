const { createRequire, isBuiltin } = require('node:module');
const vm = require('node:vm');
const { default: Runtime } = require('jest-runtime');

/** Counts by a registry of its own, in which each file's copy of `src` makes its metrics. */
const OF_EACH_FILE = ['prom-client'];

/**
 * Has Node load packages, once for all files that a worker runs, as in production; Jest would load all of NestJS and
 * TypeORM again for each. What is in `src` and `test` is each file's own, as ever.
 */
module.exports = class PackagesByNode extends Runtime {
  constructor(...options) {
    super(...options);
    const { executor } = this;
    executor.compile = (source, filename) =>
      vm.compileFunction(source, executor.injectedModuleParameters, { filename });
  }

  requireModuleOrMock(from, name) {
    const isPackage = !/^[./]/.test(name) && !isBuiltin(name) && name !== '@jest/globals';
    if (!isPackage || OF_EACH_FILE.includes(name)) return super.requireModuleOrMock(from, name);
    return createRequire(from)(name);
  }
};
