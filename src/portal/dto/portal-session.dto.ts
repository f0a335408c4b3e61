import { ApiProperty } from '@nestjs/swagger';
import { CustomerDto, toCustomerDto } from '../../customers/dto/customer.dto';
import type { PortalSession } from '../portal-session.entity';
import type { NewPortalSession } from '../portal-sessions.service';

const EXPIRES_AT = {
  type: 'string' as const,
  format: 'date-time',
  description: 'When the session ends by itself',
  example: '2024-02-20T15:15:00.000Z',
};

/** A session that has just been made. */
export class NewPortalSessionDto {
  @ApiProperty({ type: 'string', format: 'uuid', example: '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f' })
  id!: string;

  @ApiProperty({
    type: 'string',
    description: 'The secret that opens the session; shown only here',
    example: 'ps_live_…',
  })
  token!: string;

  @ApiProperty({ type: 'string', format: 'uuid', example: '550e8400-e29b-41d4-a716-446655440000' })
  customer_id!: string;

  @ApiProperty(EXPIRES_AT)
  expires_at!: string;
}

/** What the holder of a token sees. */
export class PortalSessionDto {
  @ApiProperty({ type: CustomerDto, description: 'The customer as it is now' })
  customer!: CustomerDto;

  @ApiProperty(EXPIRES_AT)
  expires_at!: string;
}

export function toNewPortalSessionDto(session: NewPortalSession): NewPortalSessionDto {
  const { id, token, customer_id, expires_at } = session;
  return { id, token, customer_id, expires_at: expires_at.toISOString() };
}

export function toPortalSessionDto({ customer, expires_at }: PortalSession): PortalSessionDto {
  return { customer: toCustomerDto(customer), expires_at: expires_at.toISOString() };
}
