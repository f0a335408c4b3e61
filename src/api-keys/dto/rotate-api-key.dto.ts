import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { Optional } from '../../http/validation/decorators';
import { RequestDto } from '../../http/validation/fields';

const WEEK = 7 * 24 * 60 * 60;

/** How to rotate a key. */
@RequestDto()
export class RotateApiKeyDto {
  @ApiProperty({
    description: 'How long the old key lives on, though not beyond its expiry; 0 revokes it at once',
    example: 3600,
    default: 0,
  })
  @Optional()
  @IsInt()
  @Min(0)
  @Max(WEEK)
  overlap_seconds?: number;
}
