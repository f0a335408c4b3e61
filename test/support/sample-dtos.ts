import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsInt,
  IsObject,
  IsString,
  Max,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import type { ValidationException } from '../../src/http/errors/errors';
import * as rules from '../../src/http/validation/decorators';
import { RequestDto } from '../../src/http/validation/fields';

@RequestDto()
export class Inner {
  @rules.Optional({ nullable: true })
  @IsString()
  @rules.IsText({ maxLength: 3 })
  'a/b'?: string | null;

  @IsInt()
  @Min(1)
  @Max(3)
  count!: number;
}

@RequestDto({ partOf: Inner })
export class Part {
  @rules.Optional()
  @rules.IsUuid()
  id?: string;
}

@RequestDto({ minProperties: 2 })
export class Outer {
  @rules.Optional()
  @IsString()
  @rules.IsEmailAddress()
  email?: string;

  @rules.Optional({ nullable: true })
  @IsIn(['x', 'y'])
  letter?: string | null;

  @rules.Optional()
  @IsIn(['x', 'y'])
  sure?: string;

  @rules.Optional()
  @IsBoolean()
  flag?: boolean;

  @rules.Optional()
  @rules.IsDateTime()
  @rules.IsInFuture()
  at?: string;

  @rules.Optional({ nullable: true })
  @IsObject()
  @ValidateNested()
  @Type(() => Inner)
  inner?: Inner | null;

  @rules.Optional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(3)
  @rules.HaveDifferentIds()
  @ValidateNested({ each: true })
  @Type(() => Part)
  parts?: Part[];

  @rules.Optional()
  @IsArray()
  @IsString({ each: true })
  @IsIn(['a', 'b'], { each: true })
  @rules.AreDifferentTexts()
  texts?: string[];

  @rules.Optional()
  @ValidateBy(
    { name: 'own', validator: { validate: (value) => value === 'own' } },
    { context: { code: 'own', sentence: () => 'must be own' } },
  )
  own?: string;
}

@RequestDto()
export class Strict extends Outer {
  @IsDefined()
  override email!: string;
}

/** What is wrong: pointers, codes and messages. */
export function violations(check: () => unknown): unknown[][] {
  return problem(check).errors.map(({ pointer, code, message, ...rest }) => [
    pointer,
    code,
    message,
    ...Object.values(rest),
  ]);
}

export function problem(check: () => unknown): {
  errors: readonly { pointer: string; code: string; message: string }[];
  errors_omitted?: number;
} {
  try {
    check();
  } catch (error) {
    const { problem } = error as ValidationException;
    return JSON.parse(JSON.stringify(problem));
  }
  return { errors: [] };
}
