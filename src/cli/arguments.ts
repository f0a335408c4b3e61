import { InvalidArgumentError } from 'commander';
import { type Scope, SCOPES } from '../http/caller';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

export function uuid(text: string): string {
  if (UUID.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It is not a UUID.');
}

export function name(text: string): string {
  if (/\S/.test(text)) return text;
  throw new InvalidArgumentError('It is blank.');
}

export function scopes(text: string): Scope[] {
  const names = text.split(',').map((scope) => scope.trim());
  const isKnown = (scope: string): scope is Scope => (SCOPES as readonly string[]).includes(scope);
  if (names.every(isKnown)) return [...new Set(names)];
  throw new InvalidArgumentError(`Known scopes are ${SCOPES.join(', ')}.`);
}

export function time(text: string): Date {
  const date = new Date(text);
  if (ISO_TIME.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('It is not an ISO 8601 time such as 2030-01-31T12:00:00Z.');
}

export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('It is not valid JSON.');
  }
}
