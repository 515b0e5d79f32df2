import { z } from 'zod';
import { choice, matching, text } from './option-notes.ts';

// In which form events are written, and what each of the forms can be told.

const sourceWants = 'a URI or a path of one, like /shop/orders or https://example.com/shop';
const typePrefixWants = 'a domain in reverse, like com.example.shop';
const nameWants = 'a name without control characters';

const cloudeventsSchema = z.strictObject({
  mode: choice(
    'binary: attributes are headers and the body is the walhook event. structured: one event a request, the walhook event in its data. batched: a list of those.',
    ['structured', 'binary', 'batched'],
  ).default('structured'),
  source: text(
    {
      what: "The events' source, which makes their ids unique; without it, /walhook/ with the cluster's system identifier and the database.",
      wants: sourceWants,
    },
    matching(/^(?:[\w.~:/?#[\]@!$&'()*+,;=-]|%[\da-f]{2})+$/i, sourceWants),
  ).optional(),
  typePrefix: text(
    { what: 'Stands before the operation in a type: dev.walhook.insert.', wants: typePrefixWants },
    matching(/^[a-z\d-]+(\.[a-z\d-]+)*$/, typePrefixWants),
  ).default('dev.walhook'),
});

const debeziumSchema = z.strictObject({
  name: text(
    {
      what: "The source's name, which Debezium calls the topic prefix; without it, the pipeline's.",
      wants: nameWants,
    },
    matching(/^\P{Cc}+$/u, nameWants),
  ).optional(),
});

const wal2httpSchema = z.strictObject({
  columns: choice(
    'How rows are written. original: as wal2http has it, a list of columns with data_type, length and data; with batch.maxEvents 1 begin, relation, row and commit are requests of their own. object: values by column, and with batch.maxEvents 1 the message of the event alone.',
    ['original', 'object'],
  ).default('original'),
});

const sourceIdWants = 'the id of an HTTP source, without spaces and slashes';

const drasiSchema = z.strictObject({
  sourceId: text(
    {
      what: "The id of Drasi's HTTP source, where url is the address of its server alone; without it, url has the whole path, /sources/<id>/events/batch.",
      wants: sourceIdWants,
    },
    matching(/^[^\s/?#]+$/, sourceIdWants),
  ).optional(),
  insertAs: choice(
    'What a new row is sent as. Drasi counts an insert that comes twice, as after a crash, as two, and stays so; an update that comes twice is one, and makes the element where it is missing.',
    ['insert', 'update'],
  ).default('update'),
  elementId: choice(
    "How a key's values stand in an element's id. joined, which it is without this: with _ between, as Drasi's own Postgres source has it, so that ('x_y', 'z') and ('x', 'y_z') are one. escaped: no two rows have one id.",
    ['joined', 'escaped'],
  ).optional(),
});

const hasuraSchema = z.strictObject({
  trigger: text(
    {
      what: "The event trigger's name in trigger.name, which receivers tell events apart by; without it, the endpoint's name.",
      wants: nameWants,
    },
    matching(/^\P{Cc}+$/u, nameWants),
  ).optional(),
});

const consumerIdWants = 'a UUID, like f47ac10b-58cc-4372-a567-0e02b2c3d479';

const sequinSchema = z.strictObject({
  consumerId: text(
    {
      what: "The sink's id in metadata.consumer.id; without it, one that is made of the pipeline's and the endpoint's name, and stays.",
      wants: consumerIdWants,
    },
    matching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i, consumerIdWants),
  ).optional(),
  consumerName: text(
    {
      what: "The sink's name in metadata.consumer.name; without it, the endpoint's name.",
      wants: nameWants,
    },
    matching(/^\P{Cc}+$/u, nameWants),
  ).optional(),
});

/** The options of an endpoint that write events in a form of the user's choice. */
export const formatOptions = {
  format: choice('The JSON that an event is written in.', [
    'walhook',
    'cloudevents',
    'debezium',
    'drasi',
    'hasura',
    'sequin',
    'supabase',
    'wal2http',
  ]).default('walhook'),
  cloudevents: cloudeventsSchema.optional(),
  debezium: debeziumSchema.optional(),
  drasi: drasiSchema.optional(),
  hasura: hasuraSchema.optional(),
  sequin: sequinSchema.optional(),
  wal2http: wal2httpSchema.optional(),
};

const formatSchema = z.object(formatOptions);
type FormatSettings = z.output<typeof formatSchema>;

/** A format with its options, every default in place. */
export type FormatChoice =
  | { readonly format: 'walhook' | 'supabase' }
  | ({ readonly format: 'cloudevents' } & z.output<typeof cloudeventsSchema>)
  | ({ readonly format: 'debezium' } & z.output<typeof debeziumSchema>)
  | ({ readonly format: 'drasi' } & z.output<typeof drasiSchema>)
  | ({ readonly format: 'hasura' } & z.output<typeof hasuraSchema>)
  | ({ readonly format: 'sequin' } & z.output<typeof sequinSchema>)
  | ({ readonly format: 'wal2http' } & z.output<typeof wal2httpSchema>);

export function chosenFormat({
  format,
  cloudevents,
  debezium,
  drasi,
  hasura,
  sequin,
  wal2http,
}: FormatSettings): FormatChoice {
  switch (format) {
    case 'walhook':
    case 'supabase':
      return { format };
    case 'cloudevents':
      return { format, ...(cloudevents ?? cloudeventsSchema.parse({})) };
    case 'debezium':
      return { format, ...debezium };
    case 'drasi':
      return { format, ...(drasi ?? drasiSchema.parse({})) };
    case 'hasura':
      return { format, ...hasura };
    case 'sequin':
      return { format, ...sequin };
    case 'wal2http':
      return { format, ...(wal2http ?? wal2httpSchema.parse({})) };
  }
}
