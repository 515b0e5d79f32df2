import { uint8Array, assert, property, oneof, string } from 'fast-check';
import { expect, test } from 'vitest';
import { isUtf8 } from '../../src/changes/values/any-bytes.ts';
import { createPipeline } from '../support/pipeline.ts';
import { startReceiver } from '../support/receiver.ts';

test('takes for UTF-8 what a strict decoder takes', () => {
  const strict = new TextDecoder('utf-8', { fatal: true });
  const decodes = (bytes: Uint8Array): boolean => {
    try {
      strict.decode(bytes);
      return true;
    } catch {
      return false;
    }
  };
  const text = string({ unit: 'binary' }).map((value) => new TextEncoder().encode(value));
  assert(
    property(oneof(uint8Array({ maxLength: 6 }), text), (bytes) => {
      expect(isUtf8(bytes, 0, bytes.length)).toBe(decodes(bytes));
    }),
    { numRuns: 100 },
  );
  const wrong: Uint8Array[] = [];
  for (let first = 0x80; first < 0x100; first += 1) {
    for (const second of [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]) {
      for (const rest of [[], [0x80], [0x80, 0x80]]) {
        const bytes = Uint8Array.of(first, second, ...rest);
        if (isUtf8(bytes, 0, bytes.length) !== decodes(bytes)) wrong.push(bytes);
      }
    }
  }
  expect(wrong).toEqual([]);
});

/** As Drasi has it; to the others, any body of a 200 is as good. */
const TAKEN = JSON.stringify({ success: true, message: 'All 3 events processed successfully' });
const FORMATS = [
  'walhook',
  'debezium',
  'cloudevents',
  'wal2http',
  'drasi',
  'sequin',
  'supabase',
  'hasura',
] as const;

test('a database without an encoding is read, and bytes that are not UTF-8 come in base64, all of them', async () => {
  const receivers = await Promise.all(
    FORMATS.map(() => startReceiver(() => ({ status: 200, body: TAKEN }))),
  );
  const pipeline = await createPipeline(
    {
      endpoints: FORMATS.map((format, index) => ({
        name: format,
        type: 'http',
        url: receivers[index]!.url,
        format,
        filter: { where: { 'after.note': { ne: 'unwanted' } } },
      })),
    },
    `create table t (id text primary key, note text, list text[], doc json, plain text)`,
    undefined,
    'SQL_ASCII',
  );
  const latin = String.raw`caf\351`;
  await pipeline.database.query(
    `insert into t values (E'${latin}', E'${latin}', array[E'${latin}', 'b'], '{"a":1}', 'träumen');
     update t set note = 'b' where id = E'${latin}';
     delete from t where id = E'${latin}'`,
  );

  const report = await pipeline.drain();
  expect(report.endpoints.map(({ error }) => error)).toEqual(FORMATS.map(() => null));

  const base64 = Buffer.from([0x63, 0x61, 0x66, 0xe9]).toString('base64');
  const list = Buffer.from('{caf?,b}'.replace('?', '\u00e9'), 'latin1').toString('base64');
  const [walhook] = receivers;
  expect(walhook!.events()).toMatchObject([
    {
      op: 'insert',
      key: { id: { base64 } },
      after: {
        id: { base64 },
        note: { base64 },
        list: { base64: list },
        doc: { a: 1 },
        plain: 'träumen',
      },
    },
    { op: 'update', key: { id: { base64 } }, after: { note: 'b' } },
    { op: 'delete', key: { id: { base64 } }, before: { id: { base64 } } },
  ]);
  for (const receiver of receivers) {
    for (const { body } of receiver.requests) {
      expect(isUtf8(Buffer.from(body), 0, body.length)).toBe(true);
      expect(String(body)).toContain(`{"base64":"${base64}"}`);
      expect(() => JSON.parse(String(body)) as unknown).not.toThrow();
    }
    expect(receiver.requests.length).toBeGreaterThan(0);
  }
});

test('the byte of a "char" is told, whatever the encoding', async () => {
  const receiver = await startReceiver();
  const pipeline = await createPipeline(
    { endpoints: [{ name: 'hooks', type: 'http', url: receiver.url }] },
    'create table t (id int primary key, c "char")',
  );
  await pipeline.database.query(`insert into t values (1, 'a'), (2, 'é'::"char")`);
  expect(await pipeline.drain()).toMatchObject({ status: 'caught_up' });
  const [plain, other] = receiver.events().map(({ after }) => (after as { c: unknown }).c);
  expect(plain).toBe('a');
  // From 16 on the server writes the byte as an escape.
  expect([String.raw`\303`, { base64: 'ww==' }]).toContainEqual(other);
});
