/** What a request may take of the server before there is an app to judge it: Node's own options. */
export type RequestLimits = {
  readonly maxHeaderSize: number;
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly connectionsCheckingInterval: number;
  readonly keepAliveTimeout: number;
};

/** What a connection may take of it. */
export type ConnectionLimits = {
  readonly maxConnections: number;
  /** For a peer to take an answer. */
  readonly answerTimeout: number;
  /** For a peer that was refused to hang up. */
  readonly lingerMs: number;
};

export const CONNECTION_TIMES = { answerTimeout: 30_000, lingerMs: 1_000 };

/** Sizes in bytes, times in milliseconds. */
export const REQUEST_LIMITS: RequestLimits = {
  maxHeaderSize: 16 << 10,
  headersTimeout: 10_000,
  /** For a request to arrive as a whole. Its answer may take as long as a drain. */
  requestTimeout: 30_000,
  /** How late both of these may be noticed. */
  connectionsCheckingInterval: 1_000,
  /** Longer than the load balancers', so that none of them sends over a connection that just ends. */
  keepAliveTimeout: 65_000,
};
