import { nearest } from '../../spelling';
import { ValidationException, type Violation } from '../errors/errors';

/** How many an answer lists. */
export const MAX_VIOLATIONS = 100;

/** Collects broken rules in the order in which an answer lists them: the first ones as they are, of the others the number. */
export class Violations {
  readonly list: Violation[] = [];
  omitted = 0;

  /** Makes a violation only when it is to be listed. */
  add(make: () => Violation): void {
    if (this.list.length < MAX_VIOLATIONS) this.list.push(make());
    else this.omitted++;
  }

  /** @throws ValidationException when there are any. */
  requireNone(): void {
    if (this.list.length > 0) throw new ValidationException(this.list, this.omitted);
  }
}

/** An unknown member. The nearest known one is looked for only when the violation is written into a problem document. */
export class UnknownMember implements Violation {
  readonly code = 'additional_property';

  constructor(
    readonly pointer: string,
    readonly message: string,
    private readonly name: string,
    private readonly known: readonly string[],
  ) {}

  get suggestion(): string | undefined {
    return nearest(this.name, this.known);
  }

  toJSON(): Violation {
    const { pointer, code, message, suggestion } = this;
    return { pointer, code, message, ...(suggestion && { suggestion }) };
  }
}
