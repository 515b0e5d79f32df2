import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll } from 'vitest';
import { sweep } from './secret-sweep.ts';
import { secret } from './secrets.ts';

export type ReceivedMail = {
  readonly from: string;
  readonly to: readonly string[];
  /** Whether it came over TLS, and who had logged in. */
  readonly secure: boolean;
  readonly user: string | null;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
};

export type MailServer = {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  /** Refuses from here on what is sent, or takes it again. */
  refuse(isRefused: boolean): void;
  close(): Promise<void>;
};

export const ACCOUNT = { username: 'walhook', password: secret('mail') };

const tlsFile = (name: string): string =>
  readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8');

/** The server's own, which nobody else vouches for. */
export const MAIL_CERTIFICATE = tlsFile('cert.pem');

const started = new Set<MailServer>();

afterAll(async () => {
  for (const server of started) await server.close();
});

/** A real SMTP server on the loopback interface, with STARTTLS and an account; closed after the file. */
export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  let isRefusing = false;
  const server = new SMTPServer({
    key: tlsFile('key.pem'),
    cert: MAIL_CERTIFICATE,
    authOptional: true,
    logger: false,
    closeTimeout: 100,
    onAuth({ username, password }, _session, done) {
      const known = username === ACCOUNT.username && password === ACCOUNT.password;
      if (known) done(null, { user: username });
      else done(new Error('account or password unknown'));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (isRefusing) return done(new Error('mailbox full'));
        const { envelope, secure, user } = session;
        const mail = {
          from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address),
          secure,
          user: typeof user === 'string' ? user : null,
          ...parseMail(Buffer.concat(chunks).toString('utf8')),
        };
        mails.push(mail);
        sweep('a mail', [...mail.headers.values(), mail.text].join('\n'));
        done();
      });
    },
    ...options,
  });
  // A client that goes in the middle is what some tests are about.
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');

  const mailServer: MailServer = {
    port: (server.server.address() as AddressInfo).port,
    mails,
    refuse(isRefused) {
      isRefusing = isRefused;
    },
    async close() {
      if (!started.delete(mailServer)) return;
      await new Promise<void>((resolve) => server.close(resolve));
    },
  };
  started.add(mailServer);
  return mailServer;
}

function parseMail(raw: string): Pick<ReceivedMail, 'headers' | 'text'> {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), decodeWords(line.slice(colon + 1).trim())];
    }),
  );
  const body = raw.slice(end + 4);
  const encoding = headers.get('content-transfer-encoding');
  const text = encoding === 'quoted-printable' ? decodeQuotedPrintable(body) : body;
  return { headers, text: text.replaceAll('\r\n', '\n') };
}

function decodeQuotedPrintable(body: string): string {
  const bytes = body
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** `=?UTF-8?Q?…?=` of RFC 2047. */
function decodeWords(header: string): string {
  return header.replaceAll(/=\?UTF-8\?Q\?([^?]*)\?=\s*/gi, (_, word: string) =>
    decodeQuotedPrintable(word.replaceAll('_', ' ')),
  );
}
