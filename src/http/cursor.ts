/**
 * Makes positions in a list cursors, which are opaque to clients, and back. `read` returns undefined for a text that `write`
 * has not made. `parse` gets the groups of the pattern, none of which may be optional.
 */
export function cursorCodec<Position>(
  pattern: RegExp,
  print: (position: Position) => string,
  parse: (...groups: string[]) => Position | undefined,
) {
  const write = (position: Position) => Buffer.from(print(position)).toString('base64url');
  const read = (cursor: string): Position | undefined => {
    const groups = pattern.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
    const position = groups ? parse(...groups.slice(1)) : undefined;
    // So nothing else is around it, either.
    return position !== undefined && write(position) === cursor ? position : undefined;
  };
  return { write, read };
}

/** A position in a list that is ordered by creation: right after this record. */
export interface CursorPosition {
  created_at: Date;
  id: string;
}

export const { write: writeCursor, read: readCursor } = cursorCodec<CursorPosition>(
  /(\d{1,15}):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/,
  ({ created_at, id }) => `${created_at.getTime()}:${id}`,
  (time = '', id = '') => ({ created_at: new Date(Number(time)), id }),
);
