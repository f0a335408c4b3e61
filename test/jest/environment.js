const vm = require('node:vm');
const { LegacyFakeTimers, ModernFakeTimers } = require('@jest/fake-timers');
const { ModuleMocker } = require('jest-mock');

/** What Jest's own modules keep among the globals: of no use to the next file. */
const STATE =
  /^(JEST_STATE_SYMBOL|EVENT_HANDLERS|TEST_TIMEOUT_SYMBOL|RETRY_|WAIT_BEFORE_RETRY|LOG_ERRORS_BEFORE_RETRY)/;

/**
 * Runs tests among the process's own globals rather than in a context of each file's own: packages can then be loaded
 * once by Node (see runtime.js), and `instanceof Error` and the like mean the same there as here and in production.
 */
module.exports = class ProcessEnvironment {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);

  constructor({ projectConfig }) {
    const timerConfig = { idToRef: (id) => id, refToId: (timer) => timer };
    const options = { config: projectConfig, global: globalThis };
    this.fakeTimers = new LegacyFakeTimers({ ...options, moduleMocker: this.moduleMocker, timerConfig });
    this.fakeTimersModern = new ModernFakeTimers(options);
    this.replaced = { exit: process.exit, console: globalThis.console };
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  /** Jest asks for it before it compiles a file; runtime.js compiles without. */
  getVmContext() {
    return vm;
  }

  async setup() {}

  async teardown() {
    this.fakeTimers.dispose();
    this.fakeTimersModern.dispose();
    // Jest sets its own for each file.
    process.exit = this.replaced.exit;
    globalThis.console = this.replaced.console;
    for (const key of Object.getOwnPropertySymbols(globalThis)) {
      if (STATE.test(key.description)) delete globalThis[key];
    }
  }
};
