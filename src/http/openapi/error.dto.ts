import { ApiProperty } from '@nestjs/swagger';
import { RULE_CODES } from '../validation/rules';
import { MAX_VIOLATIONS } from '../validation/validate';

/** The body of every error, unless the client asks for a problem document. */
export class ErrorDto {
  @ApiProperty({ description: 'Reason phrase of the status', example: 'Not Found' })
  error!: string;

  @ApiProperty({ example: 'Customer not found' })
  message!: string;
}

export class ViolationDto {
  @ApiProperty({
    description:
      'RFC 6901 pointer, from the root of the body; for the path and the query after /params or /querystring',
    example: '/first_name',
  })
  pointer!: string;

  @ApiProperty({
    description: 'Name of the rule',
    example: 'max_length',
    enum: ['syntax', 'min_properties', 'required', 'additional_property', ...RULE_CODES],
  })
  code!: string;

  @ApiProperty({ example: 'body/first_name must NOT have more than 100 characters' })
  message!: string;

  @ApiProperty({ type: 'integer', required: false, description: 'The number that the rule sets', example: 100 })
  limit?: number;

  @ApiProperty({
    type: 'array',
    items: { type: 'string', nullable: true },
    required: false,
    description: 'The values that the rule allows',
    example: ['en', 'de', null],
  })
  allowed?: (string | null)[];

  @ApiProperty({ required: false, description: 'The known member nearest to an unknown one', example: 'first_name' })
  suggestion?: string;
}

/** An error for clients that accept application/problem+json (RFC 9457). */
export class ProblemDto {
  @ApiProperty({ format: 'uri-reference', example: '/problems/not-found' })
  type!: string;

  @ApiProperty({ description: 'Reason phrase of the status', example: 'Not Found' })
  title!: string;

  @ApiProperty({ type: 'integer', example: 404 })
  status!: number;

  @ApiProperty({ description: 'The message of the plain body', example: 'Customer not found' })
  detail!: string;

  @ApiProperty({ description: 'X-Request-Id of the answer', example: '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f' })
  instance!: string;

  @ApiProperty({
    type: () => [ViolationDto],
    required: false,
    maxItems: MAX_VIOLATIONS,
    description: 'For 400: the violations',
  })
  errors?: ViolationDto[];

  @ApiProperty({
    type: 'integer',
    minimum: 1,
    required: false,
    description: 'For 400: how many more violations there are than `errors` lists',
    example: 4900,
  })
  errors_omitted?: number;

  @ApiProperty({ required: false, description: 'For 409: the member whose value is taken', example: 'email' })
  field?: string;
}
