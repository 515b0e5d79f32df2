/** Between walhook and an endpoint stands a proxy, and it is that which failed. */
export class ProxyFailure extends Error {
  override readonly name = 'ProxyFailure';

  static unreachable(cause: unknown): ProxyFailure {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    return new ProxyFailure(
      `the proxy cannot be reached${typeof code === 'string' ? ` (${code})` : ''}`,
    );
  }

  static refused(status: number): ProxyFailure {
    return status === 407
      ? new ProxyFailure('the proxy wants other credentials (HTTP 407)')
      : new ProxyFailure(`the proxy does not connect to the endpoint (HTTP ${status})`);
  }
}
