/** Where more is written than is delivered. */
export const SEE_WHAT_IS_SLOW: readonly string[] = [
  'See which endpoint is slow or held: walhook status',
  'Drain once by hand, without a deadline, and look at the events a second: walhook drain',
];
