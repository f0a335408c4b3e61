import type { Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { IsCursor, Optional, ToInteger } from './validation/decorators';
import { RequestDto } from './validation/fields';

const DEFAULT_LIMIT = 20;
export const MAX_LIMIT = 100;

/** Which page of a list. */
export interface Page<Position> {
  limit: number;
  cursor?: Position;
}

/** The query of a list that is read page by page: a base class, made for what is listed and how its cursors are read. */
export function PageQuery<Position>(
  records: string,
  readCursor: (cursor: string) => Position | undefined,
  example = 'MTcwNTMxNDYwMDAwMDo1NTBlODQwMC1lMjliLTQxZDQtYTcxNi00NDY2NTU0NDAwMDA',
): Type<Page<Position>> {
  @RequestDto()
  class Query implements Page<Position> {
    @ApiProperty({ description: `${records} on a page`, default: DEFAULT_LIMIT })
    @Optional()
    @ToInteger()
    @IsInt()
    @Min(1)
    @Max(MAX_LIMIT)
    limit = DEFAULT_LIMIT;

    @ApiProperty({ description: '`next_cursor` of the page before', example })
    @Optional()
    @IsCursor(readCursor)
    cursor?: Position;
  }
  return Query;
}
