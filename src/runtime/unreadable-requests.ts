import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { DrainLog } from '../drain/ports.ts';
import { ANSWER_HEADERS } from '../http/answer-headers.ts';
import { problemReply } from '../http/problem.ts';
import { REQUEST_ID_HEADER } from '../http/request-id.ts';
import { RequestError } from '../http/request-error.ts';

/** An answer of the server's own, to what does not get as far as the app. */
export type Refusal = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Looks as if the app had given it, and leaves a line in the log as well. */
export function refusal(error: RequestError, requestId: string, log: DrainLog): Refusal {
  const { status, json, contentType } = problemReply(error, requestId);
  log.info('request', { request_id: requestId, status, detail: error.message });
  const headers = {
    ...ANSWER_HEADERS,
    'content-type': contentType,
    [REQUEST_ID_HEADER]: requestId,
    connection: 'close',
  };
  return { status, headers, body: JSON.stringify(json) };
}

export function responseTo({ body, ...init }: Refusal): Response {
  return new Response(body, init);
}

/** Where there is no more than a socket to answer on. */
export function writeRefusal(socket: Duplex, { status, headers, body }: Refusal): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** What is no HTTP, or is of no kind that anybody could answer. */
export function unreadable(): RequestError {
  return new RequestError('request_invalid', 'the server cannot read the request');
}

/** What Node's parser or its clock found, by the code that it has for that. */
export function unreadableBecause(code: string | undefined): RequestError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new RequestError('request_too_large', 'the headers are too large', { status: 431 });
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new RequestError('request_too_large', "the chunks' extensions are too large");
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new RequestError('request_invalid', 'the request did not arrive in time', {
        status: 408,
      });
    default:
      return unreadable();
  }
}

/** `Expect:` anything but 100-continue (RFC 9110, 10.1.1). */
export function unmetExpectation(): RequestError {
  return new RequestError('request_invalid', 'nothing can be expected but 100-continue', {
    status: 417,
  });
}

/** null: as RFC 9112, 3.2, wants it. HTTP/1.0 knows of no hosts, and some probes speak it. */
export function hostFault({ headersDistinct, httpVersion }: IncomingMessage): RequestError | null {
  const hosts = headersDistinct['host']?.length ?? 0;
  if (hosts === 1 || (hosts === 0 && httpVersion === '1.0')) return null;
  return new RequestError('request_invalid', `the request has ${hosts} host headers, not one`);
}
