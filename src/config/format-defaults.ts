import type { Draft } from './draft.ts';
import { sendsOneEvent } from './format-faults.ts';

/** Formats whose receivers are used to numbers where the column is numeric. */
const NUMBER_FORMATS: ReadonlySet<unknown> = new Set(['drasi', 'hasura', 'supabase']);

/**
 * Defaults that depend on the format: one event a request where it allows no more, and numbers for
 * numeric where a receiver is to compute with them.
 */
export function setFormatDefaults(draft: Draft): void {
  const endpoints = draft.get(['endpoints']);
  if (!Array.isArray(endpoints)) return;
  for (const [index, endpoint] of endpoints.entries()) {
    const optionOf = (...path: readonly string[]): unknown =>
      draft.get(['endpoints', index, ...path]);
    const setDefault = (path: readonly string[], value: unknown): void => {
      if (optionOf(...path) === undefined) draft.set(['endpoints', index, ...path], value);
    };
    if (NUMBER_FORMATS.has(optionOf('format'))) setDefault(['values', 'numeric'], 'number');
    if (optionOf('type') === 'http' && sendsOneEvent(endpoint)) {
      setDefault(['batch', 'maxEvents'], 1);
    }
  }
}
