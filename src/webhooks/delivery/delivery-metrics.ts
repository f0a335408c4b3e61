import { Counter, Gauge, Histogram } from 'prom-client';

const RESULTS = ['succeeded', 'failed', 'gave_up'] as const;

const ATTEMPTS = new Counter({
  name: 'webhook_attempts_total',
  help: 'Attempts to deliver an event, by result; gave_up: it has failed and there will be no other',
  labelNames: ['result'],
});
for (const result of RESULTS) ATTEMPTS.inc({ result }, 0);

const LAG = new Histogram({
  name: 'webhook_delivery_lag_seconds',
  help: 'Time from a change to the success of the first attempt to tell of it',
  buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
});

const PENDING = new Gauge({
  name: 'webhook_deliveries_pending',
  help: 'Deliveries to enabled webhooks that are due or wait for their next attempt',
});

const OLDEST = new Gauge({
  name: 'webhook_oldest_pending_seconds',
  help: 'Age of the oldest delivery that is pending for an enabled webhook',
});

const DISABLED = new Counter({
  name: 'webhooks_disabled_total',
  help: 'Webhooks disabled because their receiver was gone, or had failed for five days',
});

export function countAttempt(result: (typeof RESULTS)[number]): void {
  ATTEMPTS.inc({ result });
}

export function measureLag(changedAt: Date): void {
  LAG.observe(Math.max(0, Date.now() - changedAt.getTime()) / 1000);
}

export function measurePending(pending: number, oldestSeconds: number): void {
  PENDING.set(pending);
  OLDEST.set(oldestSeconds);
}

export function countDisabled(): void {
  DISABLED.inc();
}
