import { type ArgumentMetadata, Injectable, type Type, ValidationPipe } from '@nestjs/common';
import { validate } from './validate';

/**
 * Nest's pipe for the decorators of class-validator, with the contract's words for what they find. It checks bodies: the
 * query comes before the body is read (`RequestInterceptor`), and the parameters of a path are all ids.
 */
@Injectable()
export class ContractValidationPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { type, metatype } = metadata;
    return type === 'body' && this.toValidate(metadata) ? validate(metatype as Type<object>, value) : value;
  }
}
