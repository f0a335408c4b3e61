import { Integer } from '../../http/validation/rules';

const WEEK = 7 * 24 * 60 * 60;

/** How to rotate a key. */
export class RotateApiKeyDto {
  @Integer({
    min: 0,
    max: WEEK,
    default: 0,
    description: 'How long the old key lives on, though not beyond its expiry; 0 revokes it at once',
    example: 3600,
  })
  overlap_seconds?: number;
}
