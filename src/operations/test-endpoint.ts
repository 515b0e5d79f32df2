import { sinceNow } from '../clock/steady-clock.ts';
import type { EmittedMessage } from '../changes/change-event.ts';
import { NO_MEMORY } from '../changes/catalog-past.ts';
import { JsonWriter } from '../changes/json-writer.ts';
import { eventId } from '../changes/position.ts';
import type { Clock } from '../clock/clock.ts';
import type { Outcome, Turn } from '../delivery/sink.ts';
import type { EndpointSetup } from '../drain/ports.ts';
import { ZERO_LSN } from '../pgoutput/lsn.ts';
import type { PipelineAccess } from './pipeline.ts';
import { readAbout, singleDelivery } from './single-delivery.ts';

export const TEST_PREFIX = 'walhook.test';

export type EndpointTest = {
  readonly endpoint: string;
  readonly eventId: string;
  /** unsendable: the endpoint's format has no text for a logical message. */
  readonly outcome: Outcome | { readonly kind: 'unsendable' };
  readonly latencyMs: number;
  /** What it left behind there; null: nothing. */
  readonly note: string | null;
};

/**
 * Sends one made-up logical message of the prefix `walhook.test` as a drain would send it: signed,
 * in the endpoint's format and framing; where the format has no such thing, what does no harm there. Nothing is stored, whatever comes back; a pause and an open
 * breaker are not asked.
 */
export async function testEndpoint(
  access: PipelineAccess,
  setup: EndpointSetup,
  clock: Clock,
  signal: AbortSignal,
): Promise<EndpointTest> {
  const endpoint = setup.options.name;
  const about = await readAbout(access);
  const format = setup.createFormat(
    access.database.openCatalog(access.pipeline.slot, NO_MEMORY),
    about,
  );
  const event = testEvent(endpoint, clock.now());
  const id = eventId({ commitLsn: ZERO_LSN, seq: event.seq });
  const text = new JsonWriter();
  if (format.skips?.(event) !== true) format.write(event, text);
  else if (format.writeTest !== undefined) format.writeTest(id, clock.now(), text);
  else return { endpoint, eventId: id, outcome: { kind: 'unsendable' }, latencyMs: 0, note: null };
  const headers = setup.options.batch.maxEvents === 1 ? (format.headers?.(event) ?? {}) : {};
  const { contentType } = format;
  const sent = { eventId: id, text: text.written(), contentType, headers };
  const delivery = singleDelivery(setup, about, sent);
  const sink = setup.createSink(about);
  // One message: what a limit has to warn of concerns those that send many.
  const limit = await setup.createLimit(() => undefined);
  const turn: Turn = (stop) => limit.acquire(1, stop);
  try {
    await turn(signal);
    const elapsedMs = sinceNow(clock);
    const outcome = await sink.send(delivery, signal, undefined, turn);
    const latencyMs = elapsedMs();
    const note = outcome.kind === 'delivered' ? (setup.testNote?.(TEST_PREFIX) ?? null) : null;
    return { endpoint, eventId: id, outcome, latencyMs, note };
  } finally {
    await limit.close();
    await sink.close();
  }
}

/**
 * At LSN 0/0, where no record ever stands: the id begins with sixteen zeros, is another one each
 * second, and sorts before every real one, so that no receiver mistakes it for progress.
 */
function testEvent(endpoint: string, nowMs: number): EmittedMessage {
  return {
    op: 'message',
    transaction: { xid: null, commitLsn: ZERO_LSN, committedAt: null },
    seq: Math.floor(Math.abs(nowMs) / 1_000) % 2 ** 32,
    lsnHigh: 0,
    lsnLow: 0,
    prefix: TEST_PREFIX,
    content: new TextEncoder().encode(`A test event of walhook for the endpoint ${endpoint}.`),
    transactional: false,
  };
}
