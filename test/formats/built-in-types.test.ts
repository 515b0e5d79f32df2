import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BUILTIN_TYPES, builtinTypeCatalog } from '../../src/changes/builtin-types.ts';
import { JsonWriter } from '../../src/changes/json-writer.ts';
import { relationView } from '../../src/changes/relation-view.ts';
import { cloudeventsFormat } from '../../src/formats/cloudevents.ts';
import { debeziumFormat } from '../../src/formats/debezium.ts';
import { drasiFormat } from '../../src/formats/drasi.ts';
import type { EventFormat, WritableEvent } from '../../src/formats/event-format.ts';
import { hasuraFormat } from '../../src/formats/hasura.ts';
import { pairInList } from '../../src/formats/paired-values.ts';
import { sequinFormat } from '../../src/formats/sequin.ts';
import { supabaseFormat } from '../../src/formats/supabase.ts';
import { wal2httpFormat } from '../../src/formats/wal2http.ts';
import { walhookFormat } from '../../src/formats/walhook.ts';
import { ZERO_LSN } from '../../src/pgoutput/lsn.ts';
import { NULL_VALUE, Tuple, UNCHANGED_VALUE } from '../../src/pgoutput/tuple.ts';
import { LITERALS } from '../round-trip/literals.ts';
import { quotedElement } from '../round-trip/text-literal.ts';
import { PLAIN } from './written.ts';

const SEED = 20_260_131;

const floats = { ...PLAIN, values: { int8: 'string', numeric: 'number' } } as const;
const attributes = { source: '/walhook', typePrefix: 'x' };
const source = { database: 'd', system: null };
const formats: Record<string, EventFormat> = {
  walhook: walhookFormat(builtinTypeCatalog, PLAIN),
  cloudevents: cloudeventsFormat(builtinTypeCatalog, PLAIN, attributes, 'batched'),
  debezium: debeziumFormat(
    builtinTypeCatalog,
    PLAIN,
    { version: '1', name: 'n', database: 'd' },
    pairInList,
  ),
  drasi: drasiFormat(builtinTypeCatalog, floats, 'insert', pairInList),
  hasura: hasuraFormat(builtinTypeCatalog, floats, { ...source, trigger: 't' }),
  sequin: sequinFormat(builtinTypeCatalog, PLAIN, { ...source, consumer: { id: 'i', name: 'n' } }),
  supabase: supabaseFormat(builtinTypeCatalog, floats),
  wal2http: wal2httpFormat(builtinTypeCatalog, PLAIN),
};

const types = Object.entries(BUILTIN_TYPES).flatMap(([name, type]) => [
  { name, oid: type.oid },
  ...('arrayOid' in type ? [{ name: `${name}[]`, oid: type.arrayOid }] : []),
]);

/** Values as a server prints them, and, of types that it never prints, any text. */
function textsOf(name: string): fc.Arbitrary<string | null | undefined> {
  const literals = LITERALS[name.replace('[]', '')];
  const elements = literals
    ? fc.oneof(fc.constantFrom(...literals.named), literals.random ?? fc.constant('null'))
    : fc.string({ unit: 'binary' });
  const texts = name.endsWith('[]')
    ? elements.map((text) => `{${quotedElement(text)},NULL}`)
    : elements;
  return fc.oneof(
    { weight: 8, arbitrary: texts },
    { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
  );
}

test.each(types)('$name is JSON in every format, on one line', ({ name, oid }) => {
  const anyText = textsOf(name);
  fc.assert(
    fc.property(anyText, anyText, anyText, (oldKey, key, value) => {
      const event = updateOf(oid, oldKey ?? null, key, value);
      for (const [format, { write }] of Object.entries(formats)) {
        const out = new JsonWriter(1);
        write(event, out);
        const text = out.text();
        expect({ format, text, isJson: isJson(`[${text}]`) }).toEqual({
          format,
          text,
          isJson: true,
        });
        expect(text).not.toContain('\n');
      }
    }),
    { seed: SEED, numRuns: 30 },
  );
});

/** An update of a row of two columns of the type, the first of them its key. */
function updateOf(
  typeOid: number,
  oldKey: string | null,
  key: string | null | undefined,
  value: string | null | undefined,
): WritableEvent {
  const column = { typeOid, typeModifier: -1 };
  const columns = [
    { ...column, name: 'key', isKey: true },
    { ...column, name: 'value', isKey: false },
  ];
  const place = { xid: null, relationId: 1, schema: 'public', table: 't' };
  const relation = { kind: 'relation', ...place, replicaIdentity: 'default', columns } as const;
  return {
    op: 'update',
    relation: relationView(relation, undefined, []),
    old: { kind: 'key', tuple: tupleOf([oldKey, null]) },
    new: tupleOf([key, value]),
    transaction: { xid: 1, commitLsn: ZERO_LSN, committedAt: 0n },
    seq: 0,
    lsnHigh: 0,
    lsnLow: 0,
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** undefined: the server did not send it. */
function tupleOf(texts: readonly (string | null | undefined)[]): Tuple {
  const bytes: number[] = [];
  const bounds = texts.flatMap((text) => {
    if (text === null) return [NULL_VALUE, NULL_VALUE];
    if (text === undefined) return [UNCHANGED_VALUE, UNCHANGED_VALUE];
    const start = bytes.length;
    for (const byte of new TextEncoder().encode(text)) bytes.push(byte);
    return [start, bytes.length];
  });
  return new Tuple(Uint8Array.from(bytes), bounds);
}
