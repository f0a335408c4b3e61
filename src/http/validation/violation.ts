/** One broken rule of an input. */
export interface Violation {
  /** RFC 6901 pointer to the member, from the root of the body. */
  pointer: string;
  /** A stable name of the rule, such as `max_length`. */
  code: string;
  /** The contract's sentence, such as `body/first_name must be string`. */
  message: string;
  limit?: number;
  allowed?: readonly (string | null)[];
  /** The known member nearest to a misspelt one. */
  suggestion?: string;
}
