/** The email as the unique index has it. Emails are ASCII, where lower case is the same for everybody. */
export function emailKey(email: string): string {
  return email.toLowerCase();
}
