import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import type { Mail } from '../../src/alerts/email-channel.ts';
import { smtpMailer } from '../../src/alerts/smtp-mailer.ts';
import type { SmtpOptions } from '../../src/alerts/smtp-options.ts';
import { ACCOUNT, MAIL_CERTIFICATE, startMailServer } from '../support/mail-server.ts';
import { secret } from '../support/secrets.ts';

const MAIL: Mail = {
  from: 'walhook <walhook@example.com>',
  to: ['ops@example.com', 'Second <second@example.com>'],
  subject: '[walhook shop] Endpoint "bücher" is down',
  text: 'Endpoint "bücher" is down.\n\nA line that is long enough for quoted-printable to break it somewhere in its middle.\n',
  messageId: '<shop.endpoint_down.1.opened@example.com>',
  inReplyTo: null,
};

const send = (options: Partial<SmtpOptions> & { port: number }, mail = MAIL, ms = 20_000) =>
  smtpMailer({
    host: 'localhost',
    security: 'starttls',
    auth: ACCOUNT,
    ca: MAIL_CERTIFICATE,
    timeoutMs: 20_000,
    ...options,
  }).send(mail, AbortSignal.timeout(ms));

describe('a mail', () => {
  test('goes over STARTTLS after logging in, to all recipients, as it was written', async () => {
    const server = await startMailServer();
    await send({ port: server.port });
    const [mail] = server.mails;
    expect(mail).toMatchObject({
      from: 'walhook@example.com',
      to: ['ops@example.com', 'second@example.com'],
      secure: true,
      user: 'walhook',
      text: MAIL.text,
    });
    expect(Object.fromEntries(mail!.headers)).toMatchObject({
      subject: MAIL.subject,
      'message-id': MAIL.messageId,
      'auto-submitted': 'auto-generated',
    });
    expect(mail!.headers.has('in-reply-to')).toBe(false);
  });

  test('stands under the one that it belongs to', async () => {
    const server = await startMailServer();
    await send({ port: server.port }, { ...MAIL, inReplyTo: '<first@example.com>' });
    const { headers } = server.mails[0]!;
    expect([headers.get('in-reply-to'), headers.get('references')]).toEqual([
      '<first@example.com>',
      '<first@example.com>',
    ]);
  });

  test('goes over TLS from the first byte', async () => {
    const server = await startMailServer({ secure: true });
    await send({ port: server.port, security: 'implicit' });
    expect(server.mails).toMatchObject([{ secure: true, user: 'walhook' }]);
  });

  test('takes the TLS that there is, and goes without where there is none', async () => {
    const withTls = await startMailServer();
    const without = await startMailServer({ hideSTARTTLS: true });
    for (const { port } of [withTls, without]) {
      await send({ port, security: 'opportunistic', auth: null });
    }
    expect(withTls.mails).toMatchObject([{ secure: true, user: null }]);
    expect(without.mails).toMatchObject([{ secure: false, user: null }]);
  });
});

describe('nothing is sent, and no password', () => {
  test('to a server without STARTTLS, unless that is allowed', async () => {
    const server = await startMailServer({ disabledCommands: ['STARTTLS'] });
    await expect(send({ port: server.port })).rejects.toThrow(/STARTTLS/);
    expect(server.mails).toEqual([]);
  });

  test('to another machine without STARTTLS, also where TLS is optional, unless that is allowed', async () => {
    const server = await startMailServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
    });
    const { port } = server;
    const relay = { port, host: '0.0.0.0', security: 'opportunistic' } as const;
    await expect(send(relay)).rejects.toThrow(/STARTTLS|TLS/);
    expect(server.mails).toEqual([]);
    await send({ ...relay, auth: null });
    await send({ ...relay, host: '127.0.0.1' });
    await send({ ...relay, allowCleartextPassword: true });
    expect(server.mails.map(({ user }) => user)).toEqual([null, 'walhook', 'walhook']);
  });

  test.each(['starttls', 'implicit'] as const)(
    'to a server whose certificate nobody vouches for (%s)',
    async (security) => {
      const server = await startMailServer({ secure: security === 'implicit' });
      await expect(send({ port: server.port, security, ca: null })).rejects.toThrow(
        /self-signed certificate/,
      );
      expect(server.mails).toEqual([]);
    },
  );

  test('under a login that is refused, and the reason holds no password', async () => {
    const server = await startMailServer();
    const auth = { username: 'walhook', password: secret('wrong') };
    const failure = send({ port: server.port, auth });
    await expect(failure).rejects.toThrow(/535 account or password unknown \(EAUTH\)/);
    await expect(failure).rejects.not.toThrow(secret('wrong'));
    expect(server.mails).toEqual([]);
  });
});

describe('what goes wrong is said in words', () => {
  test('a server that does not take the mail', async () => {
    const server = await startMailServer();
    server.refuse(true);
    await expect(send({ port: server.port })).rejects.toThrow(/mailbox full/);
  });

  test('a port where nobody listens', async () => {
    const server = await startMailServer();
    await server.close();
    await expect(send({ port: server.port })).rejects.toThrow(/ECONNREFUSED/);
  });
});

const silent = new Set<{ server: Server; sockets: Set<Socket> }>();
afterAll(() => {
  for (const { server, sockets } of silent) {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
});

/** Takes connections, says `greeting`, and then nothing. */
async function startSilentServer(
  greeting: string,
): Promise<{ port: number; closed: Promise<void> }> {
  const sockets = new Set<Socket>();
  let close: () => void;
  const closed = new Promise<void>((resolve) => (close = resolve));
  const server = createServer((socket) => {
    sockets.add(socket);
    socket
      .on('error', () => undefined)
      .on('close', () => close())
      .resume();
    if (greeting !== '') socket.write(greeting);
  });
  silent.add({ server, sockets });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, closed };
}

test.each([
  ['says nothing', ''],
  ['greets and falls silent', '220 mail.example.com ESMTP\r\n'],
])('a server that %s is left when time is up, and the connection with it', async (_, greeting) => {
  const { port, closed } = await startSilentServer(greeting);
  await expect(send({ port }, MAIL, 300)).rejects.toThrow(
    'the mail server did not take it in time',
  );
  await closed;
});
