import { z } from 'zod';
import { besideOtherFaults, choice, text } from './option-notes.ts';

/** Also `no-verify`, which is node-postgres' word. */
const tlsModes = [
  'disable',
  'allow',
  'prefer',
  'require',
  'verify-ca',
  'verify-full',
  'no-verify',
] as const;

const pemWants = 'certificates in PEM, or a path to a file of them';
const keyWants = 'a private key in PEM, or a path to a file of it';

/** Modes that never fall back to a connection without TLS. */
const strictModes = new Set<unknown>(['require', 'verify-ca', 'verify-full', 'no-verify']);

export const databaseTlsSchema = z
  .strictObject({
    mode: choice(
      "As libpq's sslmode, over the one in the URL; no-verify: encrypted, whoever answers. Without any: verify-full where there is a CA, allow on loopback, else prefer.",
      tlsModes,
    ).optional(),
    ca: text({
      what: "The authorities that may have signed the server's certificate; system: those that Node trusts, which are also taken where there are none.",
      wants: `${pemWants}, or system`,
    }).optional(),
    cert: text({
      what: 'The certificate that walhook shows to the server.',
      wants: pemWants,
    }).optional(),
    key: text({ what: 'Its key.', wants: keyWants, secret: 'whole' }).optional(),
    keyPassword: text({
      what: 'What the key is encrypted with.',
      wants: 'a password',
      secret: 'whole',
    }).optional(),
    serverName: text({
      what: "The name that the server's certificate has to have, where it is not the URL's host.",
      wants: 'a host name or an IP address',
    }).optional(),
    negotiation: choice(
      'direct: TLS from the first byte, which PostgreSQL 17 and later take. postgres: the server is asked first.',
      ['postgres', 'direct'],
    ).optional(),
    channelBinding: choice(
      "As libpq's channel_binding: whether the server has to prove (require), or may (prefer), that it knows the password and that nobody stands between. Needs TLS and a SCRAM password. Without it: disable.",
      ['disable', 'prefer', 'require'],
    ).optional(),
  })
  .superRefine((tls, context) => {
    const { mode, ca, cert, key, keyPassword, negotiation, channelBinding } = tls;
    const fault = (option: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [option], message });
    if (ca === 'system' && mode !== undefined && mode !== 'verify-full') {
      fault('mode', "verify-full, for anybody can get a certificate from one of the system's");
    }
    if (mode === 'verify-ca' && ca === undefined) {
      fault('ca', "an authority of your own: verify-ca would take anybody's certificate");
    }
    if (key === undefined && cert !== undefined) fault('key', `${keyWants}, for there is a cert`);
    if (cert === undefined && key !== undefined) fault('cert', `${pemWants}, for there is a key`);
    if (keyPassword !== undefined && key === undefined) fault('key', keyWants);
    const isStrict = strictModes.has(mode) || (mode === undefined && ca !== undefined);
    if (negotiation === 'direct' && !isStrict) {
      fault('mode', 'require or stricter, for negotiation is direct');
    }
    if (channelBinding === 'require' && mode === 'disable') {
      fault('mode', 'TLS, for channelBinding is require');
    }
  }, besideOtherFaults);
