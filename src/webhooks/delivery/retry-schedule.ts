const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** After how long to try again, attempt by attempt (contract, "Webhooks"). */
const DELAYS_MS = [
  ...[5 * SECOND, 5 * MINUTE, 30 * MINUTE],
  ...[2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR],
];

const MAX_RETRY_AFTER_MS = 24 * HOUR;

/** Differs by up to a tenth, so that what has failed together does not come again together. */
const SPREAD = 0.1;

/**
 * How long to wait after an attempt that has failed, or undefined when it was the last.
 * @param attempts how many there have been.
 */
export function retryDelayMs(attempts: number, retryAfterSeconds?: number): number | undefined {
  const delay = DELAYS_MS[attempts - 1];
  if (delay === undefined) return undefined;
  if (retryAfterSeconds !== undefined) {
    return Math.min(Math.max(retryAfterSeconds * SECOND, SECOND), MAX_RETRY_AFTER_MS);
  }
  return delay * (1 + SPREAD * (2 * Math.random() - 1));
}
