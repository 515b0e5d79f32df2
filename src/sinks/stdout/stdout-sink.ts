import type { Writable } from 'node:stream';
import type { Outcome, Sink } from '../../delivery/sink.ts';
import { visibleText } from '../../quantities/visible-text.ts';

/**
 * One event a line. Delivered once the stream took the bytes; a pipe that is closed now may be another
 * one in the next drain. `isClosed`: what the stream writes goes nowhere, whatever it says.
 */
export function stdoutSink(stream: Writable, isClosed = false): Sink {
  const isTerminal = 'isTTY' in stream && stream.isTTY === true;
  return {
    send: ({ body }) =>
      new Promise((resolve) => {
        if (isClosed) return resolve(closed('EBADF'));
        const onError = ({ code, name }: Error & { code?: string }): void =>
          resolve(closed(code ?? name));
        stream.once('error', onError);
        stream.write(isTerminal ? visible(body) : body, (error) => {
          // The stream tells both; its error event comes after, and must find a listener.
          if (error) return onError(error);
          stream.removeListener('error', onError);
          resolve({ kind: 'delivered', pauseMs: null });
        });
      }),
    close: () => Promise.resolve(),
  };
}

/** The same JSON, with nothing in it that would steer a terminal. */
function visible(body: Uint8Array): Uint8Array {
  return new TextEncoder().encode(visibleText(new TextDecoder().decode(body)));
}

function closed(code: string): Outcome {
  const reason =
    code === 'ENOSPC'
      ? 'standard output takes nothing more: the disk is full (ENOSPC)'
      : `standard output is closed (${code})`;
  return { kind: 'unavailable', reason, answer: null, retryAfterMs: null };
}
