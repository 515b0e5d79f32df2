import type { Framing } from '../formats/framing.ts';

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
