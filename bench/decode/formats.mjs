import { cloudeventsFormat } from '../../dist/formats/cloudevents.js';
import { debeziumFormat } from '../../dist/formats/debezium.js';
import { drasiFormat } from '../../dist/formats/drasi.js';
import { hasuraFormat } from '../../dist/formats/hasura.js';
import { pairInList } from '../../dist/formats/paired-values.js';
import { sequinFormat } from '../../dist/formats/sequin.js';
import { supabaseFormat } from '../../dist/formats/supabase.js';
import { wal2httpFormat } from '../../dist/formats/wal2http.js';
import { walhookFormat } from '../../dist/formats/walhook.js';
import { plainRows } from './by-walhook.mjs';

const attributes = { source: '/walhook/7710395036521779281/bench', typePrefix: 'dev.walhook' };
const source = { version: '0.0.0', name: 'walhook', database: 'bench' };
const floats = { ...plainRows, values: { int8: 'number', numeric: 'number' } };

const place = { database: 'bench', system: '7710395036521779281' };
const consumer = { id: '6f1c3a52-0000-4000-8000-000000000000', name: 'bench' };

/** Every format, by what makes it of a catalog, as an endpoint has it that asks for no more. */
export const FORMATS = {
  walhook: (catalog) => walhookFormat(catalog, plainRows),
  cloudevents: (catalog) => cloudeventsFormat(catalog, plainRows, attributes, 'batched'),
  debezium: (catalog) => debeziumFormat(catalog, plainRows, source, pairInList),
  drasi: (catalog) => drasiFormat(catalog, floats, 'insert', pairInList),
  hasura: (catalog) => hasuraFormat(catalog, floats, { ...place, trigger: 'bench' }),
  sequin: (catalog) => sequinFormat(catalog, plainRows, { ...place, consumer }),
  supabase: (catalog) => supabaseFormat(catalog, floats),
  wal2http: (catalog) => wal2httpFormat(catalog, plainRows, 'original'),
  'wal2http, by column': (catalog) => wal2httpFormat(catalog, plainRows, 'object'),
};
