import type { RequestAllowance } from '../drain/request-allowance.ts';
import { NoAnswerError } from '../sinks/http/http-client.ts';
import { aroundRequests } from './around-requests.ts';
import type { Platform } from './platform.ts';

/** The same platform, from which no more requests leave than are allowed. */
export function countingRequests(platform: Platform, allowance: RequestAllowance): Platform {
  return aroundRequests(platform, async (request, send) => {
    if (!allowance.spend()) throw new NoAnswerError('drain.maxRequests is reached');
    return send(request);
  });
}
