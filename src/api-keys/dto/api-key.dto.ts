import { ApiProperty } from '@nestjs/swagger';
import { type Scope, SCOPES } from '../../http/caller';
import { writeCursor } from '../../http/cursor';
import type { ApiKey } from '../api-key.entity';
import type { ApiKeyPage } from '../api-keys.service';
import type { IssuedKey } from '../api-keys.service';

const timestamp = (description: string, example: string) => ({
  type: 'string' as const,
  format: 'date-time',
  description,
  example,
});
const optionalTimestamp = (description: string, example: string | null) => ({
  ...timestamp(description, ''),
  nullable: true,
  example,
});

/** A key as every answer shows it: these members, always all of them, in this order. */
export class ApiKeyDto {
  @ApiProperty({ type: 'string', format: 'uuid', example: '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f' })
  id!: string;

  @ApiProperty({ type: 'string', example: 'CRM' })
  name!: string;

  @ApiProperty({
    type: 'array',
    items: { type: 'string', enum: [...SCOPES] },
    description: 'What the key may do',
    example: ['customers:read', 'customers:write'],
  })
  scopes!: Scope[];

  @ApiProperty({ type: 'string', description: 'How the key starts', example: 'sk_live_4fQx' })
  prefix!: string;

  @ApiProperty(optionalTimestamp('When the key expires; null for never', '2030-01-01T00:00:00.000Z'))
  expires_at!: string | null;

  @ApiProperty(optionalTimestamp('Last use, to the minute; null for none yet', '2024-02-20T14:15:00.000Z'))
  last_used_at!: string | null;

  @ApiProperty(timestamp('When the key was made', '2024-01-15T10:30:00.000Z'))
  created_at!: string;

  @ApiProperty(
    optionalTimestamp('From when on the key is refused, which may be to come after a rotation; null for not', null),
  )
  revoked_at!: string | null;
}

export class ApiKeyListDto {
  @ApiProperty({ type: [ApiKeyDto], description: 'Newest first' })
  data!: ApiKeyDto[];

  @ApiProperty({ type: 'string', nullable: true, description: '`cursor` of the next page; null on the last one' })
  next_cursor!: string | null;
}

/** A key that has just been made, with its secret. */
export class IssuedKeyDto extends ApiKeyDto {
  @ApiProperty({
    type: 'string',
    description: 'The key itself; shown only in this answer',
    example: 'sk_live_4fQxC0dXn2V9bT7mLr3KzYw8HsJp5GuEa6NiDqRo1B2kXxW4',
  })
  key!: string;
}

export function toApiKeyDto(key: ApiKey): ApiKeyDto {
  return {
    id: key.id,
    name: key.name,
    scopes: key.scopes,
    prefix: key.prefix,
    expires_at: key.expires_at?.toISOString() ?? null,
    last_used_at: key.last_used_at?.toISOString() ?? null,
    created_at: key.created_at.toISOString(),
    revoked_at: key.revoked_at?.toISOString() ?? null,
  };
}

export function toApiKeyListDto({ keys, next }: ApiKeyPage): ApiKeyListDto {
  return { data: keys.map(toApiKeyDto), next_cursor: next && writeCursor(next) };
}

export function toIssuedKeyDto(key: IssuedKey): IssuedKeyDto {
  return { ...toApiKeyDto(key), key: key.key };
}
