import { type CursorPosition, readCursor, writeCursor } from '../../http/cursor';

/** A position in the list of customers, with the `as_of` that all pages of the same walk repeat. */
export interface ListCursor extends CursorPosition {
  as_of: Date;
}

/** The opaque form in which a client keeps a position. */
export function writeListCursor({ created_at, id, as_of }: ListCursor): string {
  return `${writeCursor({ created_at, id })}.${as_of.getTime().toString(36)}`;
}

/** The position that a cursor stands for, or undefined when no `writeListCursor` has made it. */
export function readListCursor(cursor: string): ListCursor | undefined {
  const [position, time] = cursor.split('.');
  const place = readCursor(position ?? '');
  // One of an older version of the service, which promised nothing.
  if (place && time === undefined) return { ...place, as_of: new Date(0) };
  const as_of = new Date(Number.parseInt(time ?? '', 36));
  if (!place || Number.isNaN(as_of.getTime())) return undefined;
  return writeListCursor({ ...place, as_of }) === cursor ? { ...place, as_of } : undefined;
}
