import type { RequestAllowance } from '../drain/request-allowance.ts';
import { type HttpClient, NoAnswerError } from '../sinks/http/http-client.ts';
import type { Platform } from './platform.ts';

/** The same platform, from which no more requests leave than are allowed. */
export function countingRequests(platform: Platform, allowance: RequestAllowance): Platform {
  return {
    ...platform,
    createHttpClient(origin: URL, connections: number): HttpClient {
      const client = platform.createHttpClient(origin, connections);
      return {
        async request(request) {
          if (!allowance.spend()) throw new NoAnswerError('drain.maxRequests is reached');
          return client.request(request);
        },
        close: () => client.close(),
      };
    },
  };
}
