import { batchId } from '../delivery/parcel.ts';
import type { Delivery } from '../delivery/sink.ts';
import type { EndpointSetup, SourceAbout } from '../drain/ports.ts';
import type { PipelineAccess } from './pipeline.ts';

export type SingleEvent = {
  readonly eventId: string;
  /** Its text in the endpoint's format. */
  readonly text: string | Uint8Array;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** One event as a drain sends it where it stands alone: in a batch of one, where there are batches. */
export function singleDelivery(
  { options, createFraming }: EndpointSetup,
  about: SourceAbout,
  { eventId, text, contentType, headers }: SingleEvent,
): Delivery {
  const { head, tail } = createFraming(about);
  const id = options.batch.maxEvents === 1 ? eventId : batchId(eventId, eventId);
  const event = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const start = head(id);
  const body = new Uint8Array(start.length + event.length + tail.length);
  body.set(start);
  body.set(event, start.length);
  body.set(tail, start.length + event.length);
  return { id, contentType, body, eventCount: 1, headers };
}

/** What receivers are told of where events come from. */
export async function readAbout({ database, pipeline }: PipelineAccess): Promise<SourceAbout> {
  const server = await database.readServer();
  const { systemIdentifier } = await database.readIdentity(pipeline.publication);
  return { database: server.database, system: systemIdentifier };
}
