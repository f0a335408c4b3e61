import { type ArgumentMetadata, Injectable, type PipeTransform, type Type } from '@nestjs/common';
import { isOptionalBody } from './members';
import { validate } from './validate';

/** Turns a request's body into the DTO that the handler declares, or into the contract's 400. */
@Injectable()
export class BodyPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    return type === 'body' ? toDto(metatype as Type<object>, value) : value;
  }
}

/** Only a request that has neither body nor content type leaves the value undefined. */
function toDto(type: Type<object>, value: unknown): object {
  return validate(type, value === undefined && isOptionalBody(type) ? {} : value);
}
