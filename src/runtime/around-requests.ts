import type { HttpAnswer, HttpRequest } from '../sinks/http/http-client.ts';
import type { Platform } from './platform.ts';

type Send = (request: HttpRequest) => Promise<HttpAnswer>;

/** The same platform, with something around each request that leaves it over HTTP. */
export function aroundRequests(
  platform: Platform,
  around: (request: HttpRequest, send: Send) => Promise<HttpAnswer>,
): Platform {
  return {
    ...platform,
    createHttpClient(origin, connections, proxy) {
      const client = platform.createHttpClient(origin, connections, proxy);
      return {
        request: (request) => around(request, (sent) => client.request(sent)),
        close: () => client.close(),
      };
    },
  };
}
