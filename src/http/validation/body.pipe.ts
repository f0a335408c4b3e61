import { type ArgumentMetadata, Injectable, type PipeTransform, type Type } from '@nestjs/common';
import { validate } from './validate';

/** Turns a request's body into the DTO that the handler declares, or into the contract's 400. */
@Injectable()
export class BodyPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    return type === 'body' ? validate(metatype as Type<object>, value) : value;
  }
}
