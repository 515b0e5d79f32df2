import { type JsonNode, readJson } from '../round-trip/lossless-json.ts';
import { DrasiGraph, elementValue, type SentChange } from './drasi-graph.ts';
import { type Answer, type ReceivedRequest, startReceiver } from './receiver.ts';

type GivenAnswer = 'reset' | 'hang' | Extract<Answer, { readonly status: number }>;

/** What happens instead of the usual, or beside it. */
export type DrasiInterruption =
  | GivenAnswer
  /** It is served, and its answer lost. */
  | 'lost'
  /** The log has room for some of the batch: those are in, and 503 is the answer. */
  | { readonly roomFor: number }
  /** The source is shutting down. */
  | 'stopping';

type Interrupt = (nth: number) => DrasiInterruption | undefined;

export type DrasiServer = {
  /** Of the server; the source has a path on it. */
  readonly url: string;
  readonly sourceId: string;
  readonly graph: DrasiGraph;
  /** Status and number of changes of each request. */
  readonly batches: readonly {
    readonly status: number | 'reset' | 'hang';
    readonly changes: number;
  }[];
  interrupt(by: Interrupt): void;
  /** Changes that cannot be converted: the others of their batch are in all the same. */
  failOn(fails: (change: SentChange) => boolean): void;
};

const BODY_BYTES = 2 << 20;
/** In nanoseconds. What is before was given in another unit. */
const YEAR_2000 = 946_684_800n * 1_000_000_000n;

/** Drasi's HTTP source in its standard mode: what it takes, what it answers, and the nodes it keeps. */
export async function startDrasiServer(sourceId = 'shop'): Promise<DrasiServer> {
  const graph = new DrasiGraph();
  const batches: { status: number | 'reset' | 'hang'; changes: number }[] = [];
  let fails: (change: SentChange) => boolean = neverFails;
  let interruption: Interrupt = neverInterrupts;

  function serve(
    request: ReceivedRequest,
    interrupted: DrasiInterruption | undefined,
  ): GivenAnswer {
    const source = /^\/sources\/([^/]+)\/events\/batch$/.exec(request.path)?.[1];
    if (source === undefined || request.method !== 'POST') return { status: 404 };
    const changes = readBatch(request);
    if (source !== sourceId) {
      const error = `Expected source '${sourceId}', got '${source}'`;
      return respond(400, { success: false, message: 'Source name mismatch', error });
    }
    if (interrupted === 'stopping') return failed(changes.length, 0, 'Internal channel error');
    if (typeof interrupted === 'object' && 'roomFor' in interrupted) {
      for (const change of changes.slice(0, interrupted.roomFor)) graph.apply(change);
      return respond(503, { success: false, message: 'WAL is full', error: 'WAL is full' });
    }
    const good = changes.filter((change) => !fails(change));
    for (const change of good) graph.apply(change);
    const bad = changes.length - good.length;
    if (bad > 0) return failed(bad, good.length, 'Invalid number value');
    const message = `All ${good.length} events processed successfully`;
    return respond(200, { success: true, message });
  }

  function answer(request: ReceivedRequest, nth: number): GivenAnswer {
    const interrupted = interruption(nth);
    if (interrupted === 'reset' || interrupted === 'hang') return interrupted;
    if (typeof interrupted === 'object' && 'status' in interrupted) return interrupted;
    try {
      const served = serve(request, interrupted);
      return interrupted === 'lost' ? 'reset' : served;
    } catch (error) {
      if (error instanceof Refusal) return { status: error.status, body: error.message };
      throw error;
    }
  }

  const receiver = await startReceiver((request, nth) => {
    const given = answer(request, nth);
    const status = typeof given === 'object' ? given.status : given;
    batches.push({ status, changes: request.events.length });
    return given;
  });
  return {
    url: receiver.url.replace(/\/$/, ''),
    sourceId,
    graph,
    batches,
    interrupt: (by) => void (interruption = by),
    failOn: (predicate) => void (fails = predicate),
  };
}

const neverFails = (): boolean => false;
const neverInterrupts: Interrupt = () => undefined;

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function readBatch({ body, headers }: ReceivedRequest): SentChange[] {
  if (!/^application\/json\b/.test(headers['content-type'] ?? '')) {
    throw new Refusal(415, 'Expected request with `Content-Type: application/json`');
  }
  if (body.length > BODY_BYTES) throw new Refusal(413, 'length limit exceeded');
  const batch = parse(body.toString('utf8'));
  const events = batch.kind === 'object' ? batch.fields.get('events') : undefined;
  if (events?.kind !== 'list') return misshapen('events');
  return events.items.map(readChange);
}

function readChange(node: JsonNode): SentChange {
  const operation = textOf(node, 'operation');
  const timestamp = timestampOf(node);
  switch (operation) {
    case 'insert':
    case 'update': {
      const element = member(node, 'element');
      if (textOf(element, 'type') !== 'node') return misshapen('type');
      const properties = member(element, 'properties');
      if (properties?.kind !== 'object') return misshapen('properties');
      for (const value of properties.fields.values()) checkValue(value);
      return { ...named(element), operation, properties: properties.fields, timestamp };
    }
    case 'delete':
      return { ...named(node), operation, properties: null, timestamp };
    default:
      return misshapen('operation');
  }
}

function checkValue(value: JsonNode): void {
  try {
    elementValue(value);
  } catch (error) {
    throw new Refusal(400, `Failed to parse the request body as JSON: ${String(error)}`);
  }
}

function named(node: JsonNode | undefined): Pick<SentChange, 'id' | 'labels'> {
  const labels = member(node, 'labels');
  if (labels?.kind !== 'list' || labels.items.length === 0) return misshapen('labels');
  const texts = labels.items.map((label) =>
    label.kind === 'string' ? label.value : misshapen('labels'),
  );
  return { id: textOf(node, 'id'), labels: texts };
}

/** Drasi takes any integer, and milliseconds for 1970: here that is refused. */
function timestampOf(node: JsonNode): bigint {
  const timestamp = member(node, 'timestamp');
  if (timestamp?.kind !== 'number' || !/^\d+$/.test(timestamp.raw)) return misshapen('timestamp');
  const nanoseconds = BigInt(timestamp.raw);
  if (nanoseconds < YEAR_2000 || nanoseconds >= 2n ** 64n) return misshapen('timestamp');
  return nanoseconds;
}

function textOf(node: JsonNode | undefined, name: string): string {
  const value = member(node, name);
  return value?.kind === 'string' && value.value !== '' ? value.value : misshapen(name);
}

function member(node: JsonNode | undefined, name: string): JsonNode | undefined {
  return node?.kind === 'object' ? node.fields.get(name) : undefined;
}

function parse(text: string): JsonNode {
  try {
    return readJson(text);
  } catch (error) {
    throw new Refusal(400, `Failed to parse the request body as JSON: ${String(error)}`);
  }
}

function misshapen(where: string): never {
  throw new Refusal(422, `Failed to deserialize the JSON body into the target type: ${where}`);
}

function failed(bad: number, good: number, error: string): GivenAnswer {
  return good === 0
    ? respond(400, { success: false, message: `All ${bad} events failed`, error })
    : respond(200, {
        success: true,
        message: `Processed ${good} events successfully, ${bad} failed`,
        error,
      });
}

function respond(status: number, body: object): GivenAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
