import { once } from 'node:events';
import { connect } from 'node:net';
import { sweep } from '../support/secret-sweep.ts';

/** What comes back for these very bytes: what no client would send. */
export async function rawRequest(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A server that refuses may reset what it does not read.
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(bytes);
  await closed;
  const answer = Buffer.concat(chunks).toString();
  sweep('a raw answer', answer);
  return answer;
}

/** One request over a connection of its own. */
export function requestText(
  method: string,
  target: string,
  headers: readonly string[] = [],
  body = '',
): string {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers, 'connection: close'];
  if (!headers.some((line) => /^host:/i.test(line))) lines.splice(1, 0, 'host: localhost');
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
}
