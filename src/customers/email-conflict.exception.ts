import { ConflictException } from '@nestjs/common';
import type { ErrorDetails } from '../http/errors';

/** 409: another customer of the seller has the email, in some letter case. */
export class EmailConflictException extends ConflictException implements ErrorDetails {
  readonly problem = { type: '/problems/email-conflict' as const, field: 'email' };

  constructor() {
    super('A customer with this email already exists');
  }
}
