import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { type CursorPosition, readCursor } from '../../http/cursor';
import { IsCursor, Optional, ToInteger } from '../../http/validation/decorators';
import { RequestDto } from '../../http/validation/fields';

export const DEFAULT_LIMIT = 20;
export const MAX_LIMIT = 100;

/** Which keys to list. */
@RequestDto()
export class ListApiKeysQuery {
  @ApiProperty({ description: 'Keys on a page', default: DEFAULT_LIMIT })
  @Optional()
  @ToInteger()
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  limit?: number;

  @ApiProperty({
    description: '`next_cursor` of the page before',
    example: 'MTcwNTMxNDYwMDAwMDo1NTBlODQwMC1lMjliLTQxZDQtYTcxNi00NDY2NTU0NDAwMDA',
  })
  @Optional()
  @IsCursor(readCursor)
  cursor?: CursorPosition;
}
