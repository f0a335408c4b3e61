import { ApiProperty, PickType } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsInt, IsString, Max, Min } from 'class-validator';
import { readCursor, writeCursor } from '../../http/cursor';
import { PageQuery } from '../../http/page.query';
import { AreDifferentTexts, IsDateTime, IsInFuture, IsText, Optional } from '../../http/validation/decorators';
import { RequestDto } from '../../http/validation/fields';
import type { ApiKey } from '../api-key.entity';
import { DEFAULT_SCOPES, type Scope, SCOPES } from '../scopes';
import type { Account, ApiKeyPage, IssuedKey, NewApiKey } from '../api-keys.service';

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
    description:
      'What the key may do. `webhooks:manage` is as much as reading: such a key can have every change of every customer, ' +
      'with all members, sent to a URL of its choice',
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

class AccountSellerDto {
  @ApiProperty({ type: 'string', format: 'uuid', example: '660e8400-e29b-41d4-a716-446655440001' })
  id!: string;

  @ApiProperty({ type: 'string', example: 'Acme' })
  name!: string;
}

class CallingKeyDto extends PickType(ApiKeyDto, ['id', 'name', 'prefix', 'scopes', 'expires_at']) {}

/** Whose the calling key is, and what it may do. */
export class AccountDto {
  @ApiProperty({ type: AccountSellerDto, description: 'The seller whose data the key opens' })
  seller!: AccountSellerDto;

  @ApiProperty({ type: CallingKeyDto, description: 'The calling key' })
  api_key!: CallingKeyDto;
}

export function toAccountDto({ seller, apiKey }: Account): AccountDto {
  const { id, name, prefix, scopes, expires_at } = toApiKeyDto(apiKey);
  return { seller: { id: seller.id, name: seller.name }, api_key: { id, name, prefix, scopes, expires_at } };
}

/** A new key. */
@RequestDto()
export class CreateApiKeyDto {
  @ApiProperty({ description: 'What uses the key', example: 'CRM' })
  @IsString()
  @IsText({ maxLength: 100 })
  name!: string;

  @ApiProperty({
    description: 'What the key may do; nothing that the calling key may not',
    example: ['customers:read'],
    default: DEFAULT_SCOPES,
  })
  @Optional()
  @IsArray()
  @ArrayMaxSize(SCOPES.length)
  @ArrayMinSize(1)
  @AreDifferentTexts()
  @IsString({ each: true })
  @IsIn(SCOPES, { each: true })
  scopes?: Scope[];

  @ApiProperty({
    description: 'When the key expires, in the future; null for never, which is the default',
    example: '2999-12-31T23:59:59.000Z',
  })
  @Optional({ nullable: true })
  @IsString()
  @IsDateTime()
  @IsInFuture()
  expires_at?: string | null;
}

export function toNewApiKey({ name, scopes, expires_at }: CreateApiKeyDto): NewApiKey {
  return { name, scopes, expires_at: expires_at ? new Date(expires_at) : null };
}

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

/** Which keys to list. */
@RequestDto()
export class ListApiKeysQuery extends PageQuery('Keys', readCursor) {}
