import { type Scope, SCOPES } from '../../http/caller';
import { SetOf } from '../../http/validation/list-rules';
import { FutureTime, Text } from '../../http/validation/rules';
import { DEFAULT_SCOPES, type NewApiKey } from '../api-keys.service';

/** A new key. */
export class CreateApiKeyDto {
  @Text({ max: 100, required: true, description: 'What uses the key', example: 'CRM' })
  name!: string;

  @SetOf(SCOPES, {
    default: DEFAULT_SCOPES,
    description: 'What the key may do; nothing that the calling key may not',
    example: ['customers:read'],
  })
  scopes?: Scope[];

  @FutureTime({
    nullable: true,
    description: 'When the key expires, in the future; null for never, which is the default',
    example: '2999-12-31T23:59:59.000Z',
  })
  expires_at?: string | null;
}

export function toNewApiKey({ name, scopes, expires_at }: CreateApiKeyDto): NewApiKey {
  return { name, scopes, expires_at: expires_at ? new Date(expires_at) : null };
}
