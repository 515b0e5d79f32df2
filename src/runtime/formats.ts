import type { TypeCatalog } from '../changes/type-catalog.ts';
import type { ResolvedHttpEndpoint, ResolvedStdoutEndpoint } from '../config/endpoint-schema.ts';
import { chosenFormat, type FormatChoice } from '../config/format-schema.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import { batchEnvelope } from '../delivery/envelope.ts';
import { singleEvent } from '../delivery/single-event.ts';
import type { EndpointSetup, SourceAbout } from '../drain/ports.ts';
import { type CloudEventsAttributes, cloudeventsFormat } from '../formats/cloudevents.ts';
import { debeziumFormat } from '../formats/debezium.ts';
import { drasiBatch, drasiFormat } from '../formats/drasi.ts';
import type { EventFormat } from '../formats/event-format.ts';
import type { Framing } from '../formats/framing.ts';
import { hasuraFormat } from '../formats/hasura.ts';
import { jsonLines } from '../formats/json-lines.ts';
import { jsonList } from '../formats/json-list.ts';
import { pairAlone, type PairedValues, pairInList, pairOfLines } from '../formats/paired-values.ts';
import type { RowOptions } from '../formats/row-json.ts';
import { outboxFormat, outboxPayloadFormat } from '../formats/outbox.ts';
import { outboxCloudeventsFormat } from '../formats/outbox-cloudevents.ts';
import { sequinBatch, sequinConsumerId, sequinFormat } from '../formats/sequin.ts';
import { supabaseFormat } from '../formats/supabase.ts';
import { wal2httpFraming } from '../formats/wal2http-framing.ts';
import { wal2httpFormat } from '../formats/wal2http.ts';
import { walhookFormat } from '../formats/walhook.ts';
import { VERSION } from '../version.ts';
import { headersOf, outboxReaderOf } from './routes.ts';

export type FormatSetup = Pick<EndpointSetup, 'createFormat' | 'createFraming' | 'formatKey'>;

/** What a body holds: events in a list, each on a line, or one that is the body. */
type Bodies = 'lists' | 'lines' | 'single';

const FRAMES: Readonly<Record<Bodies, Framing>> = {
  lists: jsonList,
  lines: jsonLines,
  single: singleEvent,
};
/** Of the formats whose lists stand in something. */
const LISTS: Partial<Record<FormatChoice['format'], Framing>> = {
  drasi: drasiBatch,
  sequin: sequinBatch,
};
/** Formats whose events tell which endpoint they were sent to. */
const NAMES_ENDPOINT: ReadonlySet<FormatChoice['format']> = new Set(['hasura', 'sequin']);
/** Messages that go one by one. */
const messageLines: Framing = { ...singleEvent, separator: jsonLines.separator };
const PAIRS: Readonly<Record<Bodies, PairedValues>> = {
  lists: pairInList,
  lines: pairOfLines,
  single: pairAlone,
};

/** How an endpoint's events are written, and how they stand together. */
export function formatSetup(
  endpoint: ResolvedHttpEndpoint | ResolvedStdoutEndpoint,
  rows: RowOptions,
  config: ResolvedConfig,
): FormatSetup {
  const choice = chosenFormat(endpoint);
  const bodies = bodiesOf(endpoint, choice);
  // The others write an event in one way, wherever it stands.
  const pairs = choice.format === 'debezium' || choice.format === 'drasi' ? bodies : null;
  const joinsTruncates = joinsTruncatesOf(endpoint, choice);
  return {
    createFormat(catalog, about) {
      const { pipeline } = config;
      const around = { ...about, pipeline, endpoint: endpoint.name, bodies, joinsTruncates };
      const format = createFormat(choice, catalog, rows, around);
      const outboxOf = outboxReaderOf(endpoint, catalog);
      if (outboxOf === null) return format;
      const taken = headersOf(endpoint);
      if (choice.format === 'cloudevents') {
        const attributes = attributesOf(choice, around);
        return outboxCloudeventsFormat(outboxOf, format, attributes, choice.mode, taken);
      }
      if (bodies === 'single') return outboxPayloadFormat(outboxOf, format, taken);
      return outboxFormat(outboxOf, format);
    },
    createFraming({ database, system }) {
      if (sendsLineByLine(endpoint)) return wal2httpFraming(messageLines, rows.columns, 'original');
      if (choice.format === 'wal2http' && bodies !== 'single') {
        return wal2httpFraming(FRAMES[bodies], rows.columns, choice.columns);
      }
      if (bodies !== 'lists') return FRAMES[bodies];
      if (choice.format !== 'walhook') return LISTS[choice.format] ?? jsonList;
      const { pipeline, slot } = config;
      return batchEnvelope(pipeline, endpoint.name, { database, slot, system });
    },
    formatKey: JSON.stringify([
      choice,
      rows.values,
      endpoint.columns,
      pairs,
      joinsTruncates,
      NAMES_ENDPOINT.has(choice.format) ? endpoint.name : null,
      endpoint.outbox === undefined ? null : [endpoint.outbox, bodies, ...headersOf(endpoint)],
    ]),
  };
}

type Surroundings = SourceAbout & {
  readonly pipeline: string;
  readonly endpoint: string;
  readonly bodies: Bodies;
  readonly joinsTruncates: boolean;
};

function createFormat(
  choice: FormatChoice,
  catalog: TypeCatalog,
  rows: RowOptions,
  around: Surroundings,
): EventFormat {
  switch (choice.format) {
    case 'walhook':
      return walhookFormat(catalog, rows);
    case 'wal2http':
      return wal2httpFormat(catalog, rows, choice.columns, around.joinsTruncates);
    case 'cloudevents':
      return cloudeventsFormat(catalog, rows, attributesOf(choice, around), choice.mode);
    case 'debezium': {
      const { name = around.pipeline } = choice;
      const source = { version: VERSION, name, database: around.database };
      return debeziumFormat(catalog, rows, source, PAIRS[around.bodies]);
    }
    case 'drasi':
      return drasiFormat(catalog, rows, choice.insertAs, PAIRS[around.bodies], choice.elementId);
    case 'hasura': {
      const { trigger = around.endpoint } = choice;
      return hasuraFormat(catalog, rows, { ...around, trigger });
    }
    case 'sequin': {
      const { pipeline, endpoint } = around;
      const id = choice.consumerId ?? sequinConsumerId(pipeline, endpoint);
      const consumer = { id, name: choice.consumerName ?? endpoint };
      return sequinFormat(catalog, rows, { ...around, consumer });
    }
    case 'supabase':
      return supabaseFormat(catalog, rows);
  }
}

/** Only where no table of a statement can be left out, or be another: the message stands with one. */
function joinsTruncatesOf(
  { filter, transform }: ResolvedHttpEndpoint | ResolvedStdoutEndpoint,
  choice: FormatChoice,
): boolean {
  if (choice.format !== 'wal2http' || choice.columns === 'object') return false;
  return filter?.tables === undefined && filter?.where === undefined && transform === undefined;
}

/** Whether each message of a body is a request of its own, as wal2http sends them. */
export function sendsLineByLine(endpoint: ResolvedHttpEndpoint | ResolvedStdoutEndpoint): boolean {
  const choice = chosenFormat(endpoint);
  // What an outbox holds is the application's, and may have lines of its own.
  if (choice.format !== 'wal2http' || endpoint.outbox !== undefined) return false;
  return choice.columns === 'original' && bodiesOf(endpoint, choice) === 'single';
}

function bodiesOf(
  endpoint: ResolvedHttpEndpoint | ResolvedStdoutEndpoint,
  choice: FormatChoice,
): Bodies {
  if (endpoint.type === 'stdout') return 'lines';
  // Both are lists by contract, of one event too.
  const alwaysList =
    choice.format === 'drasi' || (choice.format === 'cloudevents' && choice.mode === 'batched');
  return endpoint.batch.maxEvents === 1 && !alwaysList ? 'single' : 'lists';
}

function attributesOf(
  { source, typePrefix }: Extract<FormatChoice, { format: 'cloudevents' }>,
  around: SourceAbout,
): CloudEventsAttributes {
  return { source: source ?? sourcePath(around), typePrefix };
}

/** `/walhook/7341…/shop`: a path that names the database among all others, as a URI reference. */
function sourcePath({ database, system }: SourceAbout): string {
  const names = system === null ? [database] : [system, database];
  return ['', 'walhook', ...names.map(encodeURIComponent)].join('/');
}
