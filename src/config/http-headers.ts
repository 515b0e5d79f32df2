import { z } from 'zod';
import { optionNotes, type TextFault } from './option-notes.ts';

/** What walhook writes itself: the message's framing, its identity and its signature. */
const ownHeaders = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'te',
  'traceparent',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A token of RFC 9110, section 5.6.2, that walhook does not write itself. */
export const headerNameFault: TextFault = (name) => {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) {
    return 'a header name as RFC 9110 allows it: letters, digits and -';
  }
  const lower = name.toLowerCase();
  return ownHeaders.has(lower) || lower.startsWith('webhook-')
    ? 'a header that walhook does not set itself'
    : null;
};

export const headerValueWants = 'a header value: visible Latin characters, no line breaks';

/** A field-value of RFC 9110, section 5.5: a line break in it would start another header. */
export const headerValueFault: TextFault = (value) =>
  /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/.test(value)
    ? null
    : headerValueWants;

/** Headers whose value is a credential, whatever their sender calls it. */
export function isSecretHeader(name: string): boolean {
  return /auth|token|secret|key|password|cookie|signature|credential/i.test(name);
}

export const headers = z
  .record(z.string(), z.string())
  .superRefine((fields, context) => {
    const seen = new Set<string>();
    for (const [name, value] of Object.entries(fields)) {
      const repeated = seen.has(name.toLowerCase()) ? 'every header once, in any case' : null;
      seen.add(name.toLowerCase());
      const message = headerNameFault(name) ?? repeated ?? headerValueFault(value);
      if (message !== null) context.addIssue({ code: 'custom', path: [name], message });
    }
  })
  .register(optionNotes, {
    what: 'Headers sent with every request, beside those that walhook sets itself.',
    wants: 'header names with their values',
    secret: 'whole',
  });
