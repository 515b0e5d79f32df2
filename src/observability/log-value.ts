export type LogValueOptions = {
  readonly redact: (text: string) => string;
  /** Whether errors keep their stack. */
  readonly stacks: boolean;
};

/** How deep a record may nest; what is below is named by its kind. */
const maxDepth = 8;

/** A value as JSON can hold it, every text in it redacted, errors in their parts. */
export function logValue(value: unknown, options: LogValueOptions, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return options.redact(value);
    case 'number':
      return redactedScalar(value, Number.isFinite(value) ? value : String(value), options);
    case 'bigint':
      return options.redact(String(value));
    case 'boolean':
    case 'undefined':
      return value;
    case 'function':
    case 'symbol':
      return `[${typeof value}]`;
    case 'object':
      return value === null ? null : logObject(value, options, depth);
  }
}

/** A password of digits is a secret as a number, too. */
function redactedScalar(value: number, plain: unknown, { redact }: LogValueOptions): unknown {
  const text = String(value);
  const redacted = redact(text);
  return redacted === text ? plain : redacted;
}

function logObject(value: object, options: LogValueOptions, depth: number): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  // Also the end of a circle.
  if (depth >= maxDepth) return Array.isArray(value) ? '[array]' : '[object]';
  if (Array.isArray(value)) {
    return value.map((entry: unknown) => logValue(entry, options, depth + 1));
  }
  const parts = value instanceof Error ? errorParts(value, options) : value;
  return Object.fromEntries(
    Object.entries(parts).map(([name, entry]) => [
      options.redact(name),
      logValue(entry, options, depth + 1),
    ]),
  );
}

/** What an error says to its reader, and why; nothing else that a library may have hung on it. */
function errorParts(error: Error, { stacks }: LogValueOptions): Record<string, unknown> {
  const { message, stack, cause } = error;
  const parts: Record<string, unknown> = { code: textOf(error, 'code') ?? error.name, message };
  for (const name of ['detail', 'remedy']) {
    const text = textOf(error, name);
    if (text !== undefined) parts[name] = text;
  }
  if (cause !== undefined) parts['cause'] = cause;
  if (error instanceof AggregateError) parts['errors'] = error.errors;
  if (stacks) parts['stack'] = stack;
  return parts;
}

function textOf(error: Error, name: string): string | undefined {
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : undefined;
}
