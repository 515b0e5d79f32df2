import type { Writable } from 'node:stream';
import type { Framing, Sink } from '../../delivery/sink.ts';

const NEWLINE = new Uint8Array([0x0a]);

const jsonLines: Framing = { head: () => new Uint8Array(0), separator: NEWLINE, tail: NEWLINE };

/** One event a line. Delivered once the stream took the bytes; a closed pipe is an endpoint gone. */
export function stdoutSink(stream: Writable): Sink {
  return {
    framing: jsonLines,
    send: ({ body }) =>
      new Promise((resolve) => {
        const onError = (error: Error & { code?: string }): void => {
          resolve({
            kind: 'gone',
            reason: `standard output is closed (${error.code ?? error.name})`,
          });
        };
        stream.once('error', onError);
        stream.write(body, (error) => {
          // The stream tells both; its error event comes after, and must find a listener.
          if (error) return onError(error);
          stream.removeListener('error', onError);
          resolve({ kind: 'delivered' });
        });
      }),
    close: () => Promise.resolve(),
  };
}
