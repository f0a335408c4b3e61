import { QueryAnyInteger, QueryFlag } from '../../http/validation/query-rules';

/** How a change is to be made. */
export class ChangeQuery {
  @QueryFlag({ default: false, description: 'Checks everything and answers alike, but stores nothing', example: true })
  dry_run?: boolean;
}

export class BulkQuery extends ChangeQuery {
  @QueryFlag({ default: false, description: 'All changes or none; the first failure is the answer', example: true })
  atomic?: boolean;
}

export class GetCustomerQuery {
  @QueryAnyInteger({ description: 'The customer as it was at this version', example: 3 })
  version?: number;
}
