/** A place in the feed of events: right after this event, or where none has it, after all that is below it. */
export interface EventPosition {
  /** `position` of the event, a bigint in decimal digits. */
  position: string;
  customerId: string;
  /** Of a deletion, one more than the last version. */
  version: number;
}

const DECODED = /^(\d{1,18}):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(\d{1,10})$/;

const NO_CUSTOMER = '00000000-0000-0000-0000-000000000000';

/** Before the oldest event. */
export const BEGINNING: EventPosition = { position: '0', customerId: NO_CUSTOMER, version: 0 };

/** Before every event at a position or above it, and after all others. */
export function before(position: string): EventPosition {
  return { position, customerId: NO_CUSTOMER, version: 0 };
}

/** The opaque form in which a client keeps its place. */
export function writeEventCursor({ position, customerId, version }: EventPosition): string {
  return Buffer.from(`${position}:${customerId}:${version}`).toString('base64url');
}

/** The place that a cursor stands for, or undefined when no `writeEventCursor` has made it. */
export function readEventCursor(cursor: string): EventPosition | undefined {
  const [, position, customerId, version] = DECODED.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (!position || !customerId || !version) return undefined;
  const place = { position, customerId, version: Number(version) };
  return place.version < 2 ** 31 && writeEventCursor(place) === cursor ? place : undefined;
}
