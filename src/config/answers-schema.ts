import { z } from 'zod';
import { optionNotes } from './option-notes.ts';

const wants = 'a list of HTTP statuses from 200 to 599';

function statuses(what: string) {
  return z
    .array(z.int().min(200).max(599))
    .register(optionNotes, { what: `Statuses that mean: ${what}`, wants })
    .default([]);
}

/** Statuses that mean something else at this endpoint than docs/delivery-spec.md says. */
export const answers = z
  .strictObject({
    delivered: statuses('delivered, like 409 where a repeat is answered so.'),
    unavailable: statuses('to be tried again later.'),
    misconfigured: statuses('a URL, a key or a deploy is wrong; tried again later.'),
    rejected: statuses('refused for good; the refused event becomes a dead letter.'),
    gone: statuses('the endpoint is to be paused.'),
  })
  .superRefine((lists, context) => {
    const seen = new Set<number>();
    for (const [name, list] of Object.entries(lists)) {
      for (const status of list) {
        if (seen.has(status)) {
          context.addIssue({ code: 'custom', path: [name], message: 'statuses named once' });
        }
        seen.add(status);
      }
    }
  })
  .prefault({});
