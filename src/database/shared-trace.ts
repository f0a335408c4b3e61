import { type Context, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';

/**
 * Works for several requests at once. The spans of the work are those of the first request that is traced, and the
 * others' spans link to it. Whose end it was that set the work off has no part in it.
 */
export function inTraceOf<T>(requests: readonly { trace: Context }[], work: () => T): T {
  const traces = requests.map((request) => request.trace);
  const [first = ROOT_CONTEXT, ...others] = traces.filter((each) => trace.getSpan(each)?.isRecording());
  const target = trace.getSpanContext(first);
  if (target) for (const other of others) trace.getSpan(other)?.addLink({ context: target });
  return context.with(first, work);
}
