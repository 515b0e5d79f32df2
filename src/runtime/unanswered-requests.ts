import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Which requests of a connection have no whole answer yet: a refusal must not come into the middle. */
export class UnansweredRequests {
  readonly #responses = new WeakMap<Socket, Set<ServerResponse>>();

  add(socket: Socket, response: ServerResponse): void {
    const open = this.#responses.get(socket) ?? new Set();
    this.#responses.set(socket, open.add(response));
    response.once('close', () => open.delete(response));
  }

  areNone(socket: Socket): boolean {
    return (this.#responses.get(socket)?.size ?? 0) === 0;
  }

  /**
   * Resolves when whole requests that came before what is to be refused have their answers. True: the
   * refusal may be written; false: an answer has begun that it would be taken for a part of.
   */
  async answered(socket: Socket): Promise<boolean> {
    const open = [...(this.#responses.get(socket) ?? [])];
    await Promise.all(open.filter(({ req }) => req.complete).map(closed));
    return !open.some((response) => !response.req.complete && response.headersSent);
  }
}

function closed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => response.once('close', () => resolve()));
}
