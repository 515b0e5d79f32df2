import { builtinTypeCatalog } from '../../src/changes/builtin-types.ts';
import { JsonWriter } from '../../src/changes/json-writer.ts';
import type { TypeCatalog } from '../../src/changes/type-catalog.ts';
import { compileValueWriter } from '../../src/changes/values/compile.ts';
import type { ValueOptions, ValueWriter } from '../../src/changes/values/value-writer.ts';

const utf8 = new TextEncoder();
const DEFAULTS: ValueOptions = { int8: 'number', numeric: 'string' };

/** What a writer writes of `text`, which stands amid other bytes, into a buffer that has to grow. */
export function written(write: ValueWriter, text: string): string {
  const before = '"0}';
  const bytes = utf8.encode(`${before}${text}0"}\\`);
  const out = new JsonWriter(1);
  out.ascii('[');
  write(bytes, before.length, bytes.length - 4, out);
  return out.text().slice(1);
}

export type WrittenAs = {
  readonly catalog?: TypeCatalog;
  readonly options?: Partial<ValueOptions>;
};

export function writtenAs(typeOid: number, text: string, given: WrittenAs = {}): string {
  const { catalog = builtinTypeCatalog, options } = given;
  return written(compileValueWriter(typeOid, catalog, { ...DEFAULTS, ...options }), text);
}
