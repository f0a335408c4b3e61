import { type CostlyRequest, lawfulRequests } from '../support/costly-requests';
import { useServiceWithDatabase } from '../support/database';
import { request } from '../support/http';
import { LargestSeller } from '../support/largest-seller';
import { type Route, routesOf } from '../support/routes';
import { type StatementCosts, StatementCount } from '../support/statement-count';

type Costs = StatementCosts & { answerBytes: number };

const KB = 1000;
const MB = 1000 * KB;

/** The table of docs/limits.md, "What one request may cost". */
const BUDGETS: Record<string, Costs> = {
  nothing: { answerBytes: 5 * MB, statements: 2, rows: 1 },
  'portal token': { answerBytes: 16 * KB, statements: 3, rows: 2 },
  key: { answerBytes: 16 * KB, statements: 4, rows: 4 },
  'customers:read': { answerBytes: 1.5 * MB, statements: 10, rows: 1200 },
  'customers:write': { answerBytes: MB, statements: 14, rows: 300 },
  'api_keys:manage': { answerBytes: 100 * KB, statements: 12, rows: 110 },
  'webhooks:manage': { answerBytes: 300 * KB, statements: 12, rows: 110 },
};

/** A statement that the service runs by itself may fall into the time of a request; hardly so each time. */
const ATTEMPTS = 3;

describe('What one request may cost (docs/limits.md)', () => {
  const service = useServiceWithDatabase({ rateLimitPerMinute: 0 });
  let count: StatementCount;
  let seller: LargestSeller;

  beforeAll(async () => {
    seller = await LargestSeller.make(service);
    count = new StatementCount();
  }, 120_000);
  afterAll(() => count?.stop());

  async function costsOf({ method, path, headers, body }: CostlyRequest): Promise<Costs & { status: number }> {
    count.take();
    const sent = { method, headers, ...(body !== undefined && { body }) };
    const response = await fetch(`${service.url}${path}`, sent);
    const answerBytes = (await response.arrayBuffer()).byteLength;
    return { status: response.status, ...count.take(), answerBytes };
  }

  /** What a route asks of its caller, by the OpenAPI document. */
  async function needsOf(): Promise<(route: Route) => string> {
    const { paths } = (await request('GET', `${service.url}/docs-json`)).body;
    return ({ method, path }) => {
      const operation = paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      const [security] = operation?.security ?? [];
      return (
        operation?.['x-required-scope'] ?? (security ? (security.PortalToken ? 'portal token' : 'key') : 'nothing')
      );
    };
  }

  const isWithin = (costs: Costs, budget: Costs) =>
    (Object.keys(budget) as (keyof Costs)[]).every((name) => costs[name] <= budget[name]);

  it('is kept by the costliest requests of every route, which all succeed or are refused for a limit', async () => {
    const needs = await needsOf();
    const most: Record<string, Costs> = {};
    for (const route of routesOf(service).filter(({ method }) => method !== 'HEAD')) {
      const needed = needs(route);
      const budget = BUDGETS[needed] as Costs;
      for (const { what, make } of lawfulRequests(route, seller)) {
        let costs: Costs & { status: number };
        let attempts = 0;
        do costs = await costsOf(await make());
        while (!isWithin(costs, budget) && ++attempts < ATTEMPTS);
        expect({ route, what, costs, isWithin: isWithin(costs, budget) }).toMatchObject({ isWithin: true });
        if (route.path.startsWith('/api/')) expect([200, 201, 202, 204, 404, 409, 412]).toContain(costs.status);
        const max = (most[needed] ??= { answerBytes: 0, statements: 0, rows: 0 });
        for (const name of Object.keys(max) as (keyof Costs)[]) max[name] = Math.max(max[name], costs[name]);
      }
    }
    process.stdout.write(`The most that a request cost: ${JSON.stringify(most)}\n`);
  }, 120_000);
});
