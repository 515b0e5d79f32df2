import { closest } from '../config/suggestion.ts';
import { WalhookError } from '../errors/walhook-error.ts';

/** Throws endpoint_unknown, with the name that was probably meant. */
export function requireEndpoint(name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  const meant = closest(name, known);
  const hint = meant === undefined ? `there are: ${known.join(', ')}` : `did you mean "${meant}"?`;
  throw new WalhookError('endpoint_unknown', `there is no endpoint "${name}"; ${hint}`, {
    detail: name,
  });
}
