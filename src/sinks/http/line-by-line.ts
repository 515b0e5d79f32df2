import type { Delivery, Outcome, Sink } from '../../delivery/sink.ts';

const LINE_FEED = 0x0a;

/**
 * Sends each line of a body as a request of its own, one after the other, each once the one before it
 * is taken: where a receiver wants an event's messages one by one. The first that is not taken ends the
 * delivery, which begins anew at the next attempt. A line's id is the delivery's with the line's number
 * behind it, so that each is known again.
 */
export function lineByLine(sink: Sink): Sink {
  return {
    close: () => sink.close(),
    async send(delivery, signal, traceparent, turn) {
      let outcome: Outcome = { kind: 'delivered', pauseMs: null };
      for (const [index, line] of deliveriesOf(delivery).entries()) {
        if (index > 0 && turn !== undefined && !(await turn(signal))) return outOfTurn;
        outcome = await sink.send(line, signal, traceparent);
        if (outcome.kind !== 'delivered') return outcome;
      }
      return outcome;
    },
  };
}

const outOfTurn: Outcome = {
  kind: 'unavailable',
  reason: 'the drain stopped before all messages of the event were sent',
  retryAfterMs: null,
  answer: null,
};

function deliveriesOf(delivery: Delivery): readonly Delivery[] {
  const lines = linesOf(delivery.body);
  if (lines.length === 1) return [delivery];
  return lines.map((body, index) => ({ ...delivery, id: `${delivery.id}_${index}`, body }));
}

function linesOf(body: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < body.length;) {
    const found = body.indexOf(LINE_FEED, start);
    const end = found === -1 ? body.length : found;
    lines.push(body.subarray(start, end));
    start = end + 1;
  }
  return lines;
}
