import type * as OpenTelemetry from '@opentelemetry/api';
import { type Span, type SpanAttributes, type StartSpan, untraced } from '../delivery/tracing.ts';
import { VERSION } from '../version.ts';

type Api = typeof OpenTelemetry;

/** Where every copy of @opentelemetry/api of this major keeps what a program registered with it. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

/**
 * Spans for the provider that the program has registered with @opentelemetry/api, below the span that
 * is active. Without a provider, or without the package, which is optional, nothing is collected.
 */
export async function openTelemetry(): Promise<StartSpan> {
  if (!(REGISTERED in globalThis)) return untraced;
  // A bundler that does not find the package leaves an import that is caught.
  const api = await import('@opentelemetry/api').catch(() => null);
  if (api === null) return untraced;
  return (name, attributes) => {
    const active = api.context.active();
    const span = startSpan(api, active, name, attributes, 'internal');
    return span ?? untraced(name, attributes);
  };
}

/** null: what is registered collects no traces. */
function startSpan(
  api: Api,
  parent: OpenTelemetry.Context,
  name: string,
  attributes: SpanAttributes,
  kind: 'internal' | 'client',
): Span | null {
  const tracer = api.trace.getTracer('walhook', VERSION);
  const spanKind = kind === 'client' ? api.SpanKind.CLIENT : api.SpanKind.INTERNAL;
  const span = tracer.startSpan(name, { attributes, kind: spanKind }, parent);
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (!api.isSpanContextValid(span.spanContext())) return null;
  const below = api.trace.setSpan(parent, span);
  const flags = traceFlags.toString(16).padStart(2, '0');
  return {
    traceparent: `00-${traceId}-${spanId}-${flags}`,
    child: (part, about, partKind = 'internal') =>
      startSpan(api, below, part, about, partKind) ?? untraced(part, about),
    end(more, failure) {
      span.setAttributes(more);
      if (failure !== null) span.setStatus({ code: api.SpanStatusCode.ERROR, message: failure });
      span.end();
    },
  };
}
