import type { Config } from '../config/config';

/**
 * Traces HTTP requests and their SQL statements, if the configuration names a collector; otherwise nothing of it is even
 * loaded. To be called before `http` and `pg` are.
 * @returns how to stop.
 */
export async function startTracing(config: Config): Promise<() => Promise<void>> {
  if (!config.otelExporterOtlpEndpoint) return async () => undefined;
  const { startSdk } = await import('./sdk.js');
  return startSdk(config);
}
