import { readdir, readFile } from 'node:fs/promises';
import { parse, parseAllDocuments } from 'yaml';
import { parseConfig } from '../src/config/config';
import { serveMetrics } from '../src/health/metrics-server';
import { makeAccount } from './support/factories';
import { freePort } from './support/free-port';
import { sendRaw } from './support/raw';
import { readSeries, selectorsOf, type Series } from './support/prometheus';
import { useService } from './support/service';

const ALERTS = 'deploy/prometheus/alerts.yml';
const DASHBOARD = 'deploy/grafana-dashboard.json';

const readText = (file: string): Promise<string> => readFile(file, 'utf8');

/** The values of a member, at any depth. */
function findAll(tree: unknown, member: string): any[] {
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.entries(tree).flatMap(([key, value]) => [
    ...(key === member ? [value] : []),
    ...findAll(value, member),
  ]);
}

describe('deploy/', () => {
  const service = useService();
  let series: Series[];

  beforeAll(async () => {
    const port = await freePort();
    const stop = await serveMetrics(parseConfig({ METRICS_PORT: String(port) }));
    try {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      await account.patch(id, { first_name: 'Jane' });
      await account.call('GET', '/health/ready');
      await sendRaw(service.port, 'GARBAGE\r\n\r\n');
      series = readSeries(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
    } finally {
      await stop();
    }
  });

  it.each([ALERTS, DASHBOARD])('%s asks only for metrics and labels that /metrics has', async (file) => {
    // JSON is YAML, too.
    const queries = findAll(parse(await readText(file)), 'expr').flatMap(selectorsOf);
    expect(queries.length).toBeGreaterThan(15);
    const missing = queries.filter(({ name, labels }) => {
      // What Prometheus itself knows of a target.
      if (name === 'up') return false;
      const known = series.filter((one) => one.name === name);
      return !known.some((one) => one.isEmpty || labels.every(({ label, fits }) => fits(one.labels[label])));
    });
    expect(missing).toEqual([]);
  });

  it('has an alert and a panel for each metric that docs/operations.md says to worry about', async () => {
    const [, worries = ''] = /### When to worry\n([^]*?)\n#/.exec(await readText('docs/operations.md')) ?? [];
    const names = (worries.match(/\b[a-z]+(_[a-z0-9]+)+(?=[`{])/g) ?? []).filter((name) =>
      series.some((one) => one.name === name || one.name === `${name}_bucket`),
    );
    expect(names.length).toBeGreaterThan(7);
    const [alerts, dashboard] = await Promise.all([ALERTS, DASHBOARD].map(readText));
    for (const name of names) {
      expect(alerts).toContain(name);
      expect(dashboard).toContain(name);
    }
  });

  it('has a test of each alert', async () => {
    const tests = await readText('deploy/prometheus/alerts.test.yml');
    for (const alert of findAll(parse(await readText(ALERTS)), 'alert')) expect(tests).toContain(`"${alert}"`);
  });

  it('has YAML files that can be parsed, without a key that is there twice', async () => {
    const files = [...(await yamlFilesIn('deploy')), ...(await yamlFilesIn('.github')), 'compose.yaml'];
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      const problems = parseAllDocuments(await readText(file), { uniqueKeys: true });
      expect([file, problems.flatMap(({ errors, warnings }) => [...errors, ...warnings])]).toEqual([file, []]);
    }
  });

  it('configures pods by settings that there are, with time to stop, and probes that answer', async () => {
    const documents = parseAllDocuments(await readText('deploy/kubernetes.yaml')).map((document) => document.toJS());
    const { spec } = documents.find(({ kind }) => kind === 'Deployment').spec.template;
    const variables: { name: string; value?: string }[] = findAll(spec, 'env').flat();
    const settings = await readText('.env.example');
    for (const { name } of variables) expect(settings).toMatch(new RegExp(`^${name}=`, 'm'));
    const given = Object.fromEntries(variables.flatMap(({ name, value }) => (value ? [[name, value]] : [])));
    const config = parseConfig(given);
    expect(config.migrateOnStart).toBe(false);
    // Requests under way have three seconds after that.
    expect(spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(config.stopGraceMs + 5000);
    const ports = Object.fromEntries(
      findAll(spec, 'ports')
        .flat()
        .map(({ name, containerPort }) => [name, containerPort]),
    );
    expect(ports).toEqual({ http: config.port, metrics: config.metricsPort });
    const probes = findAll(spec, 'httpGet');
    expect(probes.length).toBe(3);
    for (const { path, port } of probes) {
      expect(port).toBe('http');
      expect((await fetch(`${service.url}${path}`)).status).toBe(200);
    }
  });

  it('keeps the role of the owner from the service', async () => {
    const documents = parseAllDocuments(await readText('deploy/kubernetes.yaml')).map((document) => document.toJS());
    const { containers, initContainers } = documents.find(({ kind }) => kind === 'Deployment').spec.template.spec;
    expect(JSON.stringify(containers)).not.toMatch(/owner|MIGRATION_DATABASE_URL/);
    expect(JSON.stringify(initContainers)).toMatch(/customers-owner.*MIGRATION_DATABASE_URL/);
  });

  it('tests the version of Node that the image runs', async () => {
    const images = (await readText('Dockerfile')).match(/(?<=^FROM node:)\d+/gm) ?? [];
    const tested = /node@(\d+)\./.exec(await readText('.ci/run'))?.[1];
    expect(images).toEqual([tested, tested]);
  });
});

async function yamlFilesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.filter((name) => /\.ya?ml$/.test(name)).map((name) => `${folder}/${name}`);
}
