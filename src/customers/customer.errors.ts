import {
  BadRequestException,
  ConflictException,
  ForbiddenException,
  type HttpException,
  NotFoundException,
  PreconditionFailedException,
  ServiceUnavailableException,
  UnprocessableEntityException,
} from '@nestjs/common';
import type { ErrorDetails } from '../http/errors/errors';
import { docsOf } from '../http/errors/problems';

/** The type of the problem document of an email that is taken. */
export const EMAIL_CONFLICT = 'email-conflict';

/** 409: another customer of the seller has the email, in some letter case. */
class EmailConflictException extends ConflictException implements ErrorDetails {
  readonly problem = { type: `/problems/${EMAIL_CONFLICT}` as const, field: 'email' };
}

interface CustomerError {
  status: number;
  /** The contract's sentence ("Errors"). Without it, the message is made from the details of the failure. */
  message?: string;
  exception: new (message: string) => HttpException;
}

/** Why a change of a customer fails. The code that writes knows only these codes; the service makes exceptions of them. */
export const CUSTOMER_ERRORS = {
  invalid: { status: 400, exception: BadRequestException },
  limit_reached: { status: 403, message: 'Customer limit reached', exception: ForbiddenException },
  not_found: { status: 404, message: 'Customer not found', exception: NotFoundException },
  version_not_found: { status: 404, message: 'Customer version not found', exception: NotFoundException },
  email_taken: { status: 409, message: docsOf(EMAIL_CONFLICT).message, exception: EmailConflictException },
  /** Of imports alone. */
  other_email: {
    status: 409,
    message: 'The id is that of a customer with another email',
    exception: ConflictException,
  },
  in_progress: {
    status: 409,
    message: 'A request with this Idempotency-Key is still in progress',
    exception: ConflictException,
  },
  version_mismatch: { status: 412, exception: PreconditionFailedException },
  no_strong_tag: { status: 412, exception: PreconditionFailedException },
  if_none_match: { status: 412, exception: PreconditionFailedException },
  key_reused: {
    status: 422,
    message: 'Idempotency-Key was already used with a different request',
    exception: UnprocessableEntityException,
  },
  unavailable: { status: 503, message: 'Service temporarily unavailable', exception: ServiceUnavailableException },
} as const satisfies Record<string, CustomerError>;

export type CustomerErrorCode = keyof typeof CUSTOMER_ERRORS;
