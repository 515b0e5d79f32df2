import { type ChangeEvent, positionOf } from '../changes/change-event.ts';
import { comparePositions, eventId, positionBefore } from '../changes/position.ts';
import { Dispatcher } from '../delivery/dispatcher.ts';
import {
  type DispatchEnvironment,
  EndpointDispatch,
  type EndpointStart,
} from '../delivery/endpoint-dispatch.ts';
import type { EventFormat } from '../formats/event-format.ts';
import type { Lsn } from '../pgoutput/lsn.ts';
import type { DrainSession, SourceState } from './ports.ts';
import type { DrainRun } from './run.ts';
import { decodePositions } from './settled-ahead.ts';
import type { Checkpoint, DeadLetter, Lease } from './state-store.ts';

/** Every endpoint with its sink, its format and its progress so far. `over` aborts when all is over. */
export function openDispatcher(
  run: DrainRun,
  { source, state }: DrainSession,
  now: SourceState,
  lease: Lease,
  checkpoints: readonly Checkpoint[],
  over: AbortController,
): Dispatcher {
  const { clock, endpoints, maxEventBytes } = run.options;
  const about = { database: now.database, system: now.identity.systemIdentifier };
  const formats = new Map<string, EventFormat>();
  const environment: DispatchEnvironment = {
    clock,
    onChange() {
      dispatcher.notify();
      if (dispatcher.isOver) over.abort();
    },
    onBoundary: (boundary) => run.step(boundary),
    onAttempt: (endpoint, delivery, outcome) => run.logAttempt(endpoint, delivery, outcome),
    storeDeadLetter: (endpoint, event, detail) =>
      state.addDeadLetters(lease, [deadLetter(endpoint, event, detail)]),
  };
  const targets = endpoints.map((setup) => {
    const { name } = setup.options;
    const format = formats.get(setup.formatKey) ?? setup.createFormat(source.catalog);
    formats.set(setup.formatKey, format);
    const options = { ...setup.options, contentType: format.contentType, maxEventBytes };
    const sink = run.sinkOf(name, () => setup.createSink(about));
    const checkpoint = checkpoints.find(({ endpoint }) => endpoint === name);
    const start = startOf(checkpoint, now.slotAt);
    return { endpoint: new EndpointDispatch(options, sink, start, environment), format };
  });
  const dispatcher = new Dispatcher(targets);
  return dispatcher;
}

/** An endpoint without a checkpoint is new: it starts where the slot stands. */
function startOf(checkpoint: Checkpoint | undefined, slotAt: Lsn): EndpointStart {
  const atSlot = positionBefore(slotAt);
  if (checkpoint === undefined) return { settled: atSlot, settledAhead: [], slotAt };
  const settled = comparePositions(checkpoint.settled, atSlot) > 0 ? checkpoint.settled : atSlot;
  return { settled, settledAhead: decodePositions(checkpoint.settledAhead), slotAt };
}

function deadLetter(endpoint: string, event: ChangeEvent, detail: string): DeadLetter {
  const position = positionOf(event);
  const relation = event.op === 'message' ? null : event.relation;
  return {
    endpoint,
    position,
    eventId: eventId(position),
    schema: relation?.schema ?? null,
    table: relation?.table ?? null,
    operation: event.op === 'oversized' ? event.originalOp : event.op,
    // What was too large to be sent is too large to be kept beside the progress.
    body: null,
    reason: 'event_too_large',
    detail,
  };
}
