import { z } from 'zod';
import { optionNotes, text, type TextFault, wholeNumber } from './option-notes.ts';

const hostWants = 'an IP address or a host name, without a port';

const tokenWants = '16 to 512 visible ASCII characters without a comma';

const hostFault: TextFault = (host) => (/^[A-Za-z0-9._:%-]{1,253}$/.test(host) ? null : hostWants);

/** What a header can hold, and a list in a variable too. */
const tokenFault: TextFault = (token) => (/^[!-+\--~]{16,512}$/.test(token) ? null : tokenWants);

/** How the HTTP app is reached, and by whom. */
export const httpSchema = z.strictObject({
  host: text(
    {
      what: 'The address that the HTTP server listens at; 0.0.0.0 or :: for every one of the machine.',
      wants: hostWants,
    },
    hostFault,
  ).default('127.0.0.1'),
  port: wholeNumber({
    what: 'The port that the HTTP server listens at; 0: one that is free.',
    unit: 'a port',
    min: 0,
    max: 65_535,
  }).default(8_080),
  tokens: z
    .array(text({ what: 'A token.', wants: tokenWants, secret: 'whole' }, tokenFault))
    .max(8)
    .register(optionNotes, {
      what: 'Whoever calls the HTTP app shows one of them: to rotate, add the new one, then drop the old. Without any, it answers on the loopback interface alone.',
      wants: `up to 8 tokens, each ${tokenWants}`,
      secret: 'whole',
    })
    .default([]),
});
