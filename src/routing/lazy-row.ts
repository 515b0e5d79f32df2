import type { JsonValue } from './lossless-json.ts';
import { type Row, type RowReader, setOwn } from './row-reader.ts';
import type { RowSide } from './row-side.ts';

/**
 * A row whose values are read when they are asked for, once each. In all else it behaves as a plain
 * object would, but it cannot be changed. Valid for as long as the tuples are.
 */
export function lazyRow(reader: RowReader, side: RowSide): Readonly<Row> {
  return new Proxy<Row>(Object.create(null), new LazyRowHandler(reader, side));
}

class LazyRowHandler implements ProxyHandler<Row> {
  readonly #reader: RowReader;
  readonly #side: RowSide;

  constructor(reader: RowReader, side: RowSide) {
    this.#reader = reader;
    this.#side = side;
  }

  /** `read` holds what has been read so far. */
  get(read: Row, name: string | symbol): unknown {
    const known = typeof name === 'string' ? read[name] : undefined;
    if (known !== undefined) return known;
    const column = this.#columnOf(name);
    if (column === undefined) return Reflect.get(Object.prototype, name);
    return this.#value(read, column);
  }

  has(_read: Row, name: string | symbol): boolean {
    return this.#columnOf(name) !== undefined || Reflect.has(Object.prototype, name);
  }

  getPrototypeOf(): object {
    return Object.prototype;
  }

  ownKeys(): string[] {
    const { columns } = this.#reader.view;
    const indexes = this.#side.columns ?? columns.map((_, index) => index);
    return indexes.filter((index) => this.#holds(index)).map((index) => columns[index]!.name);
  }

  getOwnPropertyDescriptor(read: Row, name: string | symbol): PropertyDescriptor | undefined {
    const column = this.#columnOf(name);
    if (column === undefined) return undefined;
    const value = this.#value(read, column);
    return { value, writable: true, enumerable: true, configurable: true };
  }

  set(): boolean {
    return false;
  }

  defineProperty(): boolean {
    return false;
  }

  deleteProperty(): boolean {
    return false;
  }

  #columnOf(name: string | symbol): number | undefined {
    if (typeof name === 'symbol') return undefined;
    const column = this.#reader.indexOf(name);
    if (column === undefined || this.#side.columns?.includes(column) === false) return undefined;
    return this.#holds(column) ? column : undefined;
  }

  #holds(column: number): boolean {
    const tuple = this.#side.tupleOf(column);
    return tuple.isNull(column) || (tuple.bounds[column * 2] ?? -1) >= 0;
  }

  #value(read: Row, column: number): JsonValue {
    const { name } = this.#reader.view.columns[column]!;
    if (!Object.hasOwn(read, name)) {
      setOwn(read, name, this.#reader.value(this.#side.tupleOf(column), column)!);
    }
    return read[name]!;
  }
}
