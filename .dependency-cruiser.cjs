/** Imports go one way, files and folders: features use http, http uses database, and all of them use config; never back. */
const FEATURES = '^src/(api-keys|customers|events|health|portal|sellers|webhooks)/';
const TOP = '^src/(cli/|api-description|app|demo|failure|lifetime|main|serve)';

/** A folder of src that uses nothing of src but these. */
const usesOnly = (folder, others) => ({
  name: `${folder}-uses-only-${others.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...others].join('|')})(/|\\.ts$)` },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circle-of-files',
      severity: 'error',
      // What is built has no imports of types: those may go both ways.
      from: { path: '^dist/' },
      to: { circular: true },
    },
    {
      name: 'no-circle-of-folders',
      severity: 'error',
      scope: 'folder',
      // Customers with their history, and their portal sessions, need each other.
      from: { path: '^src/', pathNot: '^src/(customers|portal)(/|$)' },
      to: { circular: true },
    },
    usesOnly('config', ['spelling', 'terminal']),
    usesOnly('database', ['config', 'terminal']),
    usesOnly('embedded-postgres', ['config', 'database']),
    usesOnly('http', ['config', 'database', 'spelling', 'terminal', 'version']),
    usesOnly('tracing', ['config', 'http']),
    { name: 'features-know-no-application', severity: 'error', from: { path: FEATURES }, to: { path: TOP } },
    {
      name: 'helpers-know-nobody',
      severity: 'error',
      from: { path: '^(migrations/|src/(spelling|terminal|version)\\.ts$)' },
      to: { path: '^src/' },
    },
  ],
  options: {
    includeOnly: '^(dist/)?(src|migrations)/',
    exclude: '\\.spec\\.ts$',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
