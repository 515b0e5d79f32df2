import type { Writable } from 'node:stream';
import type { Sink } from '../../delivery/sink.ts';

/** One event a line. Delivered once the stream took the bytes; a pipe that is closed now may be another one in the next drain. */
export function stdoutSink(stream: Writable): Sink {
  return {
    send: ({ body }) =>
      new Promise((resolve) => {
        const onError = (error: Error & { code?: string }): void => {
          resolve({
            kind: 'unavailable',
            reason: `standard output is closed (${error.code ?? error.name})`,
            answer: null,
            retryAfterMs: null,
          });
        };
        stream.once('error', onError);
        stream.write(body, (error) => {
          // The stream tells both; its error event comes after, and must find a listener.
          if (error) return onError(error);
          stream.removeListener('error', onError);
          resolve({ kind: 'delivered', pauseMs: null });
        });
      }),
    close: () => Promise.resolve(),
  };
}
