/** A trace of its own. @see https://www.w3.org/TR/trace-context/#traceparent-header */
export function randomTraceparent(): string {
  // UUIDs are random bits that Node keeps a stock of; asking for so few bytes costs more than a send.
  const traceId = crypto.randomUUID().replaceAll('-', '');
  const spanId = crypto.randomUUID().slice(19).replace('-', '');
  return `00-${traceId}-${spanId}-01`;
}

/** What the header names its trace by. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
