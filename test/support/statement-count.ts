import { Client, type QueryResult } from 'pg';

export interface StatementCosts {
  statements: number;
  /** Of all their results. */
  rows: number;
}

type Query = (...parameters: unknown[]) => unknown;

/** Counts what this process asks of the database. */
export class StatementCount {
  private costs: StatementCosts = { statements: 0, rows: 0 };
  private readonly query = Client.prototype.query as Query;

  constructor() {
    const { query } = this;
    const note = (answer: unknown) => this.note(answer);
    Client.prototype.query = function (this: Client, ...parameters: unknown[]) {
      const answer = query.apply(this, parameters);
      note(answer);
      return answer;
    } as typeof Client.prototype.query;
  }

  /** Since it was last asked. */
  take(): StatementCosts {
    const { costs } = this;
    this.costs = { statements: 0, rows: 0 };
    return costs;
  }

  stop(): void {
    Client.prototype.query = this.query as typeof Client.prototype.query;
  }

  private note(answer: unknown): void {
    const { costs } = this;
    costs.statements++;
    if (!(answer instanceof Promise)) return;
    const add = (results: QueryResult | QueryResult[]) => {
      for (const { rows } of [results].flat()) costs.rows += rows?.length ?? 0;
    };
    answer.then(add, () => undefined);
  }
}
