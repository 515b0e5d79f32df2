import type { Draft } from './draft.ts';
import { sendsOneCloudEvent } from './format-faults.ts';

/**
 * Defaults that depend on the format: one event a request where a mode allows no more, and numbers
 * for numeric where Drasi is to compute with them.
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
    if (optionOf('format') === 'drasi') setDefault(['values', 'numeric'], 'number');
    if (optionOf('type') === 'http' && sendsOneCloudEvent(endpoint)) {
      setDefault(['batch', 'maxEvents'], 1);
    }
  }
}
