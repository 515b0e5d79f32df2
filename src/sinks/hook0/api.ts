import { VERSION } from '../../version.ts';
import { type HttpAnswer, type HttpClient, PLAIN_ANSWER } from '../http/http-client.ts';

export type Hook0ApiOptions = {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** A service token or an application secret. */
  readonly token: string;
  readonly timeoutMs: number;
};

/** Hook0's HTTP API. Its methods reject with NoAnswerError where no status came. */
export type Hook0Api = {
  /** `answerBytes`: what is read of the answer at the most. */
  get(path: string, signal: AbortSignal, answerBytes: number): Promise<HttpAnswer>;
  post(path: string, body: Uint8Array, signal: AbortSignal): Promise<HttpAnswer>;
};

const NO_BODY = new Uint8Array(0);

export function hook0Api(options: Hook0ApiOptions, client: HttpClient): Hook0Api {
  const { baseUrl, token, timeoutMs } = options;
  const headers = {
    ...PLAIN_ANSWER,
    authorization: `Bearer ${token}`,
    'user-agent': `walhook/${VERSION}`,
  };
  const url = (path: string): URL => new URL(`${baseUrl}${path}`);
  return {
    get: (path, signal, answerBytes) =>
      client.request({
        url: url(path),
        method: 'GET',
        headers,
        body: NO_BODY,
        answerBytes,
        timeoutMs,
        signal,
      }),
    post: (path, body, signal) =>
      client.request({
        url: url(path),
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body,
        timeoutMs,
        signal,
      }),
  };
}
