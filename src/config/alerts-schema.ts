import { z } from 'zod';
import { endpointUrlFault } from './endpoint-url.ts';
import { headers } from './http-headers.ts';
import {
  besideOtherFaults,
  choice,
  flag,
  matching,
  optionNotes,
  text,
  wholeNumber,
} from './option-notes.ts';
import { proxy } from './proxy-option.ts';
import { signingSecretFault, signingSecretWants } from './signing-secret.ts';

const addressWants = 'an e-mail address: ops@example.com or Ops <ops@example.com>';
const addressFault = matching(
  /^(?:[^\s<>@,;]+@[^\s<>@,;]+|[^<>\p{Cc}]*<[^\s<>@,;]+@[^\s<>@,;]+>)$/u,
  addressWants,
);
const hostWants = 'a host name or an IP address';
const credentialWants = 'a text without control characters';
const webhookUrlWants = 'an http:// or https:// URL';

const timeoutMs = wholeNumber({
  what: 'A drain waits for this long at the most, for all that it has to say. What was not taken by then is sent by the next one.',
  unit: 'ms',
  min: 100,
  max: 60_000,
}).default(10_000);

const emailAlertSchema = z
  .strictObject({
    type: z
      .literal('email')
      .register(optionNotes, { what: 'Sends mail over SMTP.', wants: 'email' }),
    host: text(
      { what: 'The mail server.', wants: hostWants },
      matching(/^[A-Za-z0-9:._-]+$/, hostWants),
    ),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .register(optionNotes, {
        what: 'Its port. Without it: 465 with security implicit, else 587.',
        wants: 'a port from 1 to 65535',
      })
      .optional(),
    security: choice(
      'implicit: TLS from the first byte. starttls: TLS before anything else is said, or no mail. opportunistic: TLS if the server offers it, or if there is a password to keep from the network. Without it: implicit on port 465, else starttls.',
      ['implicit', 'starttls', 'opportunistic'],
    ).optional(),
    username: text(
      { what: 'Who logs in. Without it, nobody does.', wants: credentialWants },
      matching(/^\P{Cc}+$/u, credentialWants),
    ).optional(),
    password: text(
      { what: 'The password of that user.', wants: credentialWants, secret: 'whole' },
      matching(/^\P{Cc}+$/u, credentialWants),
    ).optional(),
    allowCleartextPassword: flag(
      'With security opportunistic, sends the password also to a server on another machine that offers no TLS. Whoever stands between reads it, and can make any server look like one without TLS.',
    ).optional(),
    from: text({ what: 'The sender.', wants: addressWants }, addressFault),
    to: z
      .array(text({ what: 'A recipient.', wants: addressWants }, addressFault))
      .min(1)
      .max(50)
      .register(optionNotes, {
        what: 'The recipients.',
        wants: 'a list of 1 to 50 e-mail addresses',
      }),
    ca: text({
      what: 'Certificates in PEM that are trusted in place of those that Node trusts.',
      wants: 'certificates in PEM',
    }).optional(),
    timeoutMs,
  })
  .superRefine(({ username, password }, context) => {
    if ((username === undefined) === (password === undefined)) return;
    const [missing, other] =
      username === undefined ? ['username', 'password'] : ['password', 'username'];
    const message = `a ${missing}, for there is a ${other}`;
    context.addIssue({ code: 'custom', path: [missing], message });
  }, besideOtherFaults);

const webhookAlertSchema = z.strictObject({
  type: z
    .literal('webhook')
    .register(optionNotes, { what: 'Posts JSON to a URL.', wants: 'webhook' }),
  // The path of a Slack or Mattermost URL is its password.
  url: text({ what: 'Where to post.', wants: webhookUrlWants, secret: 'whole' }, endpointUrlFault),
  headers: headers.default({}),
  secrets: z
    .array(
      text(
        { what: 'A signing secret.', wants: signingSecretWants, secret: 'whole' },
        signingSecretFault,
      ),
    )
    .max(8)
    .register(optionNotes, {
      what: 'Secrets of Standard Webhooks v1. Each signs every message; without any, none is signed.',
      wants: `up to 8 secrets, each ${signingSecretWants}`,
      secret: 'whole',
    })
    .default([]),
  timeoutMs,
  proxy,
});

export const alertsSchema = z
  .array(z.discriminatedUnion('type', [emailAlertSchema, webhookAlertSchema]))
  .max(10)
  .register(optionNotes, {
    what: 'Who is told when something is wrong, and when it is well again.',
    wants: 'a list of up to 10 channels',
  });

export type ResolvedAlert = z.output<typeof alertsSchema>[number];
export type ResolvedEmailAlert = z.output<typeof emailAlertSchema>;
export type ResolvedWebhookAlert = z.output<typeof webhookAlertSchema>;
