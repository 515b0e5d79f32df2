import type { Redact } from '../config/redact.ts';
import { aroundRequests } from './around-requests.ts';
import type { Platform } from './platform.ts';

/**
 * The same platform, whose refusals repeat no secret. What is kept of them is cut, and where a secret
 * stands across the cut, its beginning would pass for nothing secret later on. Confirmations name
 * events by their ids, which are left as they are.
 */
export function maskingAnswers(platform: Platform, redact: Redact): Platform {
  return aroundRequests(platform, async (request, send) => {
    const answer = await send(request);
    return answer.status < 300 ? answer : { ...answer, body: redact(answer.body) };
  });
}
