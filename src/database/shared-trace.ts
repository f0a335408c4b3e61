import { type Context, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';

/**
 * Runs work that serves several requests. Its spans belong to the first of them that is traced, and the spans of the others
 * link to it. The request in whose context the work happens to start does not matter.
 */
export function inTraceOf<T>(requests: readonly { trace: Context }[], work: () => T): T {
  const traces = requests.map((request) => request.trace);
  const [first = ROOT_CONTEXT, ...others] = traces.filter((each) => trace.getSpan(each)?.isRecording());
  const target = trace.getSpanContext(first);
  if (target) for (const other of others) trace.getSpan(other)?.addLink({ context: target });
  return context.with(first, work);
}
