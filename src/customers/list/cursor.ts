/** A place in the list of customers: right after this one. */
export interface Place {
  created_at: Date;
  id: string;
}

const DECODED = /^(\d{1,15}):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The opaque form in which a client keeps a place. */
export function writeCursor({ created_at, id }: Place): string {
  return Buffer.from(`${created_at.getTime()}:${id}`).toString('base64url');
}

/** The place that a cursor stands for, or undefined when no `writeCursor` has made it. */
export function readCursor(cursor: string): Place | undefined {
  const [, time, id] = DECODED.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (!time || !id) return undefined;
  const place = { created_at: new Date(Number(time)), id };
  return !Number.isNaN(place.created_at.getTime()) && writeCursor(place) === cursor ? place : undefined;
}
