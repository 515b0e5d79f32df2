/** From where on an amount is too much: `alertRules` of the configuration, for every view alike. */
export type Thresholds = {
  /** For this long an endpoint may take nothing before alerts tell it. */
  readonly endpointDownMs: number;
  /** More than these are told by alerts. */
  readonly deadLetters: number;
  /** Of what may be parked for an endpoint, in events or bytes. */
  readonly parkedPercent: number;
  readonly lagBytes: number;
  readonly lagMs: number;
  /** Of the WAL that the slot may hold. */
  readonly slotUsedPercent: number;
  /** In a row: fewer may pass by themselves, where the error is one that does. */
  readonly failedRuns: number;
};
