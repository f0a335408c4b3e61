/** What became of a record. */
export interface Outcome {
  number: number;
  result: 'created' | 'updated' | 'unchanged' | 'failed';
  problems?: string[];
}

export function failed({ number }: { number: number }, ...problems: string[]): Outcome {
  return { number, result: 'failed', problems };
}

/** The problem of a record that wants the email of somebody else. */
export const EMAIL_TAKEN = 'another customer has this email';
