const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Whether a text is a moment as RFC 3339, section 5.6, writes it, and one that the service can write back in that form.
 * A leap second is refused, which JavaScript does not know.
 */
export function isDateTime(text: string): boolean {
  if (!DATE_TIME.test(text) || !isInCalendar(text.slice(0, 10))) return false;
  const year = new Date(text).getUTCFullYear();
  return year >= 0 && year <= 9999;
}

/** JavaScript takes February 30 for March 1. */
function isInCalendar(date: string): boolean {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  const then = new Date(0);
  then.setUTCFullYear(year, month - 1, day);
  return then.getUTCMonth() === month - 1 && then.getUTCDate() === day;
}
