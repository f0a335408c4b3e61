import { ApiProperty, PickType } from '@nestjs/swagger';
import type { Account } from '../api-keys.service';
import { ApiKeyDto, toApiKeyDto } from './api-key.dto';

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
