/** A position in a list that is ordered by creation: right after this record. */
export interface CursorPosition {
  created_at: Date;
  id: string;
}

const DECODED = /(\d{1,15}):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/;

/** The opaque form in which a client keeps a position. */
export function writeCursor({ created_at, id }: CursorPosition): string {
  return Buffer.from(`${created_at.getTime()}:${id}`).toString('base64url');
}

/** The position that a cursor stands for, or undefined when no `writeCursor` has made it. */
export function readCursor(cursor: string): CursorPosition | undefined {
  const [, time, id] = DECODED.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (!id) return undefined;
  const position = { created_at: new Date(Number(time)), id };
  // So nothing else is around it, either.
  return writeCursor(position) === cursor ? position : undefined;
}
