import type { SessionFacts } from './source-database.ts';

/** The fields are public: `status --json`. */
export type ConnectionStatus = {
  /** Whether what answers is on this machine: loopback or a Unix socket. */
  readonly local: boolean;
  readonly encrypted: boolean;
  /** `TLSv1.3`; null without TLS, and where the platform does not tell. */
  readonly protocol: string | null;
  readonly cipher: string | null;
  /** What is checked of the server's certificate: nothing, its authority, or its name as well. */
  readonly verified: 'none' | 'ca' | 'full';
  /** Whether a pooler gives each transaction whatever session is free. */
  readonly pooled: boolean;
};

export function connectionStatus({
  isLocal,
  tls,
  pooled,
}: Omit<SessionFacts, 'serverTimeMs'>): ConnectionStatus {
  return {
    local: isLocal,
    encrypted: tls !== null,
    protocol: tls?.protocol ?? null,
    cipher: tls?.cipher ?? null,
    verified: tls?.verified ?? 'none',
    pooled,
  };
}

export function describeEncryption(connection: Omit<ConnectionStatus, 'pooled'>): string {
  const { local, encrypted, protocol, cipher, verified } = connection;
  if (!encrypted) return local ? 'not encrypted, on this machine' : 'not encrypted';
  const checked = {
    none: 'the certificate is not checked',
    ca: "the certificate's authority is checked, not its name",
    full: 'the certificate is checked',
  }[verified];
  return `${[protocol ?? 'TLS', cipher].filter((part) => part !== null).join(', ')}; ${checked}`;
}

/** Who could read or change what crosses the network, in words; null: nobody. */
export function encryptionTrouble(connection: Omit<ConnectionStatus, 'pooled'>): string | null {
  const { local, encrypted, verified } = connection;
  if (local || verified !== 'none') return null;
  const remedy =
    'Set sslmode=verify-full in the database URL, and database.tls.ca where the authority is not a public one.';
  return encrypted
    ? `Whoever stands between can pass for the database: its certificate is not checked. ${remedy}`
    : `Whoever stands between can read and change what the database sends: the connection is not encrypted. ${remedy}`;
}
