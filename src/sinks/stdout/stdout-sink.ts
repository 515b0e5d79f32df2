import type { Writable } from 'node:stream';
import type { Outcome, Sink } from '../../delivery/sink.ts';

/**
 * One event a line. Delivered once the stream took the bytes; a pipe that is closed now may be another
 * one in the next drain. `isClosed`: what the stream writes goes nowhere, whatever it says.
 */
export function stdoutSink(stream: Writable, isClosed = false): Sink {
  return {
    send: ({ body }) =>
      new Promise((resolve) => {
        if (isClosed) return resolve(closed('EBADF'));
        const onError = ({ code, name }: Error & { code?: string }): void =>
          resolve(closed(code ?? name));
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

function closed(code: string): Outcome {
  const reason =
    code === 'ENOSPC'
      ? 'standard output takes nothing more: the disk is full (ENOSPC)'
      : `standard output is closed (${code})`;
  return { kind: 'unavailable', reason, answer: null, retryAfterMs: null };
}
