import type { Redact } from '../config/redact.ts';
import { visibleLine, visibleText } from '../quantities/visible-text.ts';

/** What a route answers, before it is put into the words of HTTP. */
export type Reply = {
  readonly status: number;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
} & ({ readonly json: unknown } | { readonly text: string } | { readonly nothing: true });

/** The one way out: no text leaves it with a secret of the configuration in it. */
export function responseOf(reply: Reply, redact: Redact): Response {
  const { status, headers = {} } = reply;
  if ('nothing' in reply) return new Response(null, { status, headers });
  if ('text' in reply) {
    const type = reply.contentType ?? 'text/plain; charset=utf-8';
    // Other formats have escapes of their own.
    const text = type.startsWith('text/html')
      ? visibleText(redact(reply.text))
      : redact(reply.text);
    return new Response(text, {
      status,
      headers: { ...headers, 'content-type': type },
    });
  }
  const type = reply.contentType ?? 'application/json';
  return new Response(jsonText(reply.json, redact), {
    status,
    headers: { ...headers, 'content-type': type },
  });
}

/** Each text by itself, so that a secret that reads like a part of JSON breaks nothing. */
export function jsonText(value: unknown, redact: Redact): string {
  return visibleLine(
    JSON.stringify(value, (_name, entry: unknown) =>
      typeof entry === 'string' ? redact(entry) : entry,
    ),
  );
}
