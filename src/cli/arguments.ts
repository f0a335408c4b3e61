import { InvalidArgumentError } from 'commander';
import { type Scope, SCOPES } from '../api-keys/scopes';
import { EVENT_TYPES, type EventPosition, type EventType, readEventCursor } from '../events/event';
import { countCharacters, isDateTime, isUuid } from '../http/validation/formats';

export function uuid(text: string): string {
  if (isUuid(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It is not a UUID.');
}

export function name(text: string): string {
  if (!/\S/.test(text)) throw new InvalidArgumentError('It is blank.');
  if (countCharacters(text) > 100) throw new InvalidArgumentError('It has more than 100 characters.');
  return text;
}

/** A number that fits the database's integer. */
export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is not a whole number from 0 to 999999999.');
}

export function count(text: string): number {
  if (wholeNumber(text) > 0) return Number(text);
  throw new InvalidArgumentError('It is not a number of at least 1.');
}

export function scopes(text: string): Scope[] {
  return [...new Set(listOf(SCOPES, 'scopes', text))];
}

export function eventTypes(text: string): EventType[] {
  return listOf(EVENT_TYPES, 'types', text);
}

function listOf<T extends string>(known: readonly T[], what: string, text: string): T[] {
  const names = text.split(',').map((name) => name.trim());
  const isKnown = (name: string): name is T => (known as readonly string[]).includes(name);
  if (names.every(isKnown)) return names;
  throw new InvalidArgumentError(`Known ${what} are ${known.join(', ')}.`);
}

/** A place in the feed of events. */
export function eventCursor(text: string): EventPosition {
  const position = readEventCursor(text);
  if (!position) throw new InvalidArgumentError('It is not a next_cursor of the feed of events.');
  return position;
}

/** A time in the future; a date without a time is its first moment in UTC. */
export function futureTime(text: string): Date {
  const moment = isDateTime(text) ? text : `${text}T00:00:00Z`;
  if (!isDateTime(moment)) throw new InvalidArgumentError('It is not an ISO 8601 time such as 2030-01-31T12:00:00Z.');
  if (Date.parse(moment) <= Date.now()) throw new InvalidArgumentError('It is in the past.');
  return new Date(moment);
}

/** An object; commander would take null for an option that is not there. */
export function jsonObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    throw new InvalidArgumentError('It is not valid JSON.');
  }
  throw new InvalidArgumentError('It is not a JSON object.');
}

/** Adds `Name in the file=column` to those before it. */
export function columnMapping(
  text: string,
  before: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const at = text.lastIndexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('It is not of the form "E-mail Address=email".');
  return new Map([...before, [text.slice(0, at), text.slice(at + 1)]]);
}
