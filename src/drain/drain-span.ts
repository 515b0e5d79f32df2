import { type Span, untraced } from '../delivery/tracing.ts';
import type { DrainOptions } from './options.ts';
import type { DrainReport } from './report.ts';

export function startDrainSpan({ startSpan = untraced, pipeline }: DrainOptions, id: string): Span {
  return startSpan('walhook.drain', { 'walhook.pipeline': pipeline, 'walhook.run_id': id });
}

export function endDrainSpan(span: Span, report: DrainReport): void {
  const { status, windows, transactions, events, error } = report;
  const attributes = {
    'walhook.status': status,
    'walhook.windows': windows,
    'walhook.transactions': transactions,
    'walhook.events': events,
  };
  span.end(attributes, error?.code ?? null);
}
