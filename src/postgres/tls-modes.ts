import { checkServerIdentity, type ConnectionOptions as TlsSocketOptions } from 'node:tls';

export type TlsMode =
  'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full' | 'no-verify';

export type ChannelBinding = 'disable' | 'prefer' | 'require';

/** Certificates and keys as PEM. */
export type TlsOptions = {
  readonly mode?: TlsMode | undefined;
  /** `system`: the authorities that Node trusts, as without any. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly keyPassword?: string | undefined;
  /** The name that the certificate has to have, where it is not the URL's host. */
  readonly serverName?: string | undefined;
  readonly negotiation?: 'postgres' | 'direct' | undefined;
  /** Whether the password's proof holds for this TLS connection alone. Default: disable. */
  readonly channelBinding?: ChannelBinding | undefined;
};

/** What of the server's certificate has been checked. */
export type Verification = 'none' | 'ca' | 'full';

export type TlsAttempt = {
  readonly socket: TlsSocketOptions;
  readonly negotiation: 'postgres' | 'direct';
  readonly verifies: Verification;
};

/** One way to connect: with TLS, or, null, without. */
export type Attempt = TlsAttempt | null;

/**
 * What a mode makes of one host: the ways to connect, the first one first. What differs from libpq,
 * for the better: without a mode, a CA means verify-full, and loopback is asked for TLS only where it
 * insists on it; verify-full without a CA takes the public authorities.
 * @see https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-SSLMODE-STATEMENTS
 */
export function connectionAttempts(tls: TlsOptions, host: string): readonly Attempt[] {
  // A Unix socket has no TLS, whatever the mode.
  if (host.startsWith('/')) return [null];
  const attempts = attemptsOf(tls.mode ?? defaultMode(tls, host), tls);
  // Without TLS there is no channel to bind to.
  const bound = tls.channelBinding === 'require' ? attempts.filter((each) => each !== null) : [];
  return bound.length === 0 ? attempts : bound;
}

function attemptsOf(mode: TlsMode, tls: TlsOptions): readonly Attempt[] {
  switch (mode) {
    case 'disable':
      return [null];
    case 'allow':
      return [null, encrypted(tls, chainIfKnown(tls))];
    case 'prefer':
      return [encrypted(tls, chainIfKnown(tls)), null];
    // With a CA, require is verify-ca: so it was in the first servers, and so libpq keeps it.
    case 'require':
      return [encrypted(tls, chainIfKnown(tls))];
    case 'no-verify':
      return [encrypted(tls, 'none')];
    case 'verify-ca':
      return [encrypted(tls, 'ca')];
    case 'verify-full':
      return [encrypted(tls, 'full')];
  }
}

function defaultMode({ ca }: TlsOptions, host: string): TlsMode {
  if (ca !== undefined) return 'verify-full';
  return isLoopback(host) ? 'allow' : 'prefer';
}

export function isLoopback(host: string): boolean {
  return host.startsWith('/') || /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host);
}

function chainIfKnown({ ca }: TlsOptions): Verification {
  return ca === undefined ? 'none' : 'ca';
}

function encrypted(tls: TlsOptions, verifies: Verification): TlsAttempt {
  const { ca, cert, key, keyPassword, negotiation = 'postgres' } = tls;
  return {
    socket: {
      rejectUnauthorized: verifies !== 'none',
      checkServerIdentity: (host, certificate) =>
        verifies === 'full' ? checkServerIdentity(tls.serverName ?? host, certificate) : undefined,
      ...(ca === undefined || ca === 'system' ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(keyPassword === undefined ? {} : { passphrase: keyPassword }),
    },
    negotiation,
    verifies,
  };
}
