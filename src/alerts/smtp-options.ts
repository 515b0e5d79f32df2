export type SmtpOptions = {
  readonly host: string;
  readonly port: number;
  /**
   * implicit: TLS from the first byte. starttls: TLS or nothing. opportunistic: TLS if there is any; but
   * a password crosses a network in TLS alone, unless `allowCleartextPassword`.
   */
  readonly security: 'implicit' | 'starttls' | 'opportunistic';
  readonly allowCleartextPassword?: boolean | undefined;
  /** null: the server takes mail without. */
  readonly auth: { readonly username: string; readonly password: string } | null;
  /** Certificates in PEM that are trusted, and no others; null: those that Node trusts. */
  readonly ca: string | null;
  /** Of each step: the connection, the greeting, an answer. */
  readonly timeoutMs: number;
};
