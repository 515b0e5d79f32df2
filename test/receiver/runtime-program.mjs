// Served by workerd and by Deno, next to the built receiver.
import { createMemoryStore, createReceiver } from './receiver/index.js';

const handled = [];

const receive = createReceiver({
  secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  store: createMemoryStore(),
  handle: (event) => {
    if (event.after.status === 'poison') throw new Error('poison');
    handled.push(`${event.op} ${event.key.id} ${typeof event.key.id}`);
  },
  onError: () => undefined,
  maxBodyBytes: 1_000_000,
});

export default {
  fetch: (request) =>
    request.method === 'GET'
      ? Response.json({ handled, runtime: navigator.userAgent })
      : receive(request),
};
