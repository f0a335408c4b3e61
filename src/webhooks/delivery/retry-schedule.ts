const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The delays between attempts (docs/api-contract.md, "Webhooks"). */
const DELAYS_MS = [
  ...[5 * SECOND, 5 * MINUTE, 30 * MINUTE],
  ...[2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR],
];

const MAX_RETRY_AFTER_MS = 24 * HOUR;

/** Delays vary by a tenth, so that deliveries that failed together are not retried together. */
const SPREAD = 0.1;

/**
 * The delay after this many failed attempts; undefined after the last one.
 * @param retryAfterSeconds what the receiver asked for. It takes the place of the first delay. A later one it makes longer,
 *   never shorter: a receiver that asks for a second each time would use the attempts up before it is there again.
 */
export function retryDelayMs(attempts: number, retryAfterSeconds?: number): number | undefined {
  const delay = DELAYS_MS[attempts - 1];
  if (delay === undefined) return undefined;
  const planned = delay * (1 + SPREAD * (2 * Math.random() - 1));
  if (retryAfterSeconds === undefined) return planned;
  const shortest = attempts === 1 ? SECOND : planned;
  return Math.max(shortest, Math.min(retryAfterSeconds * SECOND, MAX_RETRY_AFTER_MS));
}
