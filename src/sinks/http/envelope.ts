import type { Framing } from '../../delivery/sink.ts';

const NOTHING = new Uint8Array(0);

/** One event a request: the body is the event itself. */
export const singleEvent: Framing = { head: () => NOTHING, separator: NOTHING, tail: NOTHING };

export type BatchSource = {
  readonly database: string;
  readonly slot: string;
  readonly system: string | null;
};

/** `{"id":…,"pipeline":…,"endpoint":…,"source":{…},"events":[…]}` */
export function batchEnvelope(pipeline: string, endpoint: string, source: BatchSource): Framing {
  const encoder = new TextEncoder();
  const about = JSON.stringify({ pipeline, endpoint, source }).slice(1, -1);
  return {
    head: (id) => encoder.encode(`{"id":"${id}",${about},"events":[`),
    separator: encoder.encode(','),
    tail: encoder.encode(']}'),
  };
}
