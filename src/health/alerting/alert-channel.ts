import type { Alert } from './alert.ts';

/** Somebody who is told. */
export type AlertChannel = {
  /** Where it stands in the configuration: `alerts[0] (email)`. */
  readonly name: string;
  /** For all that it is sent in one drain. */
  readonly timeoutMs: number;
  /** Resolves once it is taken. Rejects with the reason in words, soon after the signal aborts. */
  readonly send: (alert: Alert, signal: AbortSignal) => Promise<void>;
  readonly close: () => Promise<void>;
};
