import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsString } from 'class-validator';
import { type Scope, SCOPES } from '../../http/caller';
import {
  AreDifferentTexts,
  IsDateTime,
  IsInFuture,
  IsNotBlank,
  IsWellFormed,
  MaxCharacters,
  Optional,
} from '../../http/validation/decorators';
import { RequestDto } from '../../http/validation/fields';
import { DEFAULT_SCOPES, type NewApiKey } from '../api-keys.service';

/** A new key. */
@RequestDto()
export class CreateApiKeyDto {
  @ApiProperty({ description: 'What uses the key', example: 'CRM' })
  @IsString()
  @MaxCharacters(100)
  @IsNotBlank()
  @IsWellFormed()
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
