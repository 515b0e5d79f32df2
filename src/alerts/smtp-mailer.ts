import type { Mailer } from './email-channel.ts';
import type { SmtpOptions } from './smtp-options.ts';

/**
 * SMTP by nodemailer, which needs Node's sockets. A connection for each mail: they are few. It is loaded
 * with the first one: most drains have nothing to tell.
 */
export function smtpMailer(options: SmtpOptions): Mailer {
  return {
    async send({ from, to, subject, text, messageId, inReplyTo }, signal) {
      const transport = await openTransport(options);
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject,
          text,
          messageId,
          ...(inReplyTo === null ? {} : { inReplyTo, references: inReplyTo }),
          // Nobody's absence note shall answer it (RFC 3834).
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal,
        });
      } catch (error) {
        const reason = signal.aborted
          ? 'the mail server did not take it in time'
          : smtpFailure(error);
        throw new Error(reason, { cause: error });
      } finally {
        transport.close();
      }
    },
  };
}

async function openTransport(options: SmtpOptions) {
  const { createTransport } = await import('nodemailer');
  const { host, port, security, auth, ca, timeoutMs } = options;
  const isPasswordSafe =
    auth === null || options.allowCleartextPassword === true || isThisMachine(host);
  return createTransport({
    host,
    port,
    secure: security === 'implicit',
    requireTLS: security === 'starttls' || (security === 'opportunistic' && !isPasswordSafe),
    ...(auth === null ? {} : { auth: { user: auth.username, pass: auth.password } }),
    tls: { minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca }) },
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** Where nobody stands between. */
function isThisMachine(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host);
}

const REASON_CHARACTERS = 200;

/** The server's own words where it has any: they name the account, never the password. */
function smtpFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  const said = error.message.replaceAll(/\s+/g, ' ').trim().slice(0, REASON_CHARACTERS);
  return `${said}${code}`;
}
