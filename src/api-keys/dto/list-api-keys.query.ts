import { type CursorPosition, readCursor } from '../../http/cursor';
import { QueryCursor, QueryInteger } from '../../http/validation/query-rules';

export const DEFAULT_LIMIT = 20;
export const MAX_LIMIT = 100;

/** Which keys to list. */
export class ListApiKeysQuery {
  @QueryInteger({ min: 1, max: MAX_LIMIT, default: DEFAULT_LIMIT, description: 'Keys on a page', example: 20 })
  limit?: number;

  @QueryCursor(readCursor, {
    description: '`next_cursor` of the page before',
    example: 'MTcwNTMxNDYwMDAwMDo1NTBlODQwMC1lMjliLTQxZDQtYTcxNi00NDY2NTU0NDAwMDA',
  })
  cursor?: CursorPosition;
}
