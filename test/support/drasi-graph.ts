import type { JsonNode } from '../round-trip/lossless-json.ts';

/** As Drasi holds it: integers are exact, and other than floats. */
export type ElementValue =
  null | boolean | bigint | number | string | ElementValue[] | Map<string, ElementValue>;

export type Element = {
  readonly labels: readonly string[];
  readonly properties: Map<string, ElementValue>;
};

/** A change as it was sent, its JSON not yet read as values. */
export type SentChange = {
  readonly operation: 'insert' | 'update' | 'delete';
  readonly id: string;
  readonly labels: readonly string[];
  /** null for a delete. */
  readonly properties: ReadonlyMap<string, JsonNode> | null;
  readonly timestamp: bigint;
};

/** The nodes of one source. */
export class DrasiGraph {
  readonly elements = new Map<string, Element>();
  readonly changes: SentChange[] = [];
  /** Inserts of what was there: an aggregate counts them twice. */
  repeatedInserts = 0;

  apply(change: SentChange): void {
    const { id, labels, operation, properties } = change;
    const known = this.elements.get(id);
    this.changes.push(change);
    if (properties === null) {
      this.elements.delete(id);
      return;
    }
    if (operation === 'insert' && known !== undefined) this.repeatedInserts += 1;
    const values = [...properties].map(([name, node]) => [name, elementValue(node)] as const);
    // An update keeps what it does not name.
    const kept = operation === 'update' ? (known?.properties ?? []) : [];
    this.elements.set(id, { labels, properties: new Map([...kept, ...values]) });
  }
}

const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;

/** Throws where Drasi has no value for it. */
export function elementValue(node: JsonNode): ElementValue {
  switch (node.kind) {
    case 'null':
      return null;
    case 'boolean':
      return node.raw === 'true';
    case 'number':
      return numberValue(node.raw);
    case 'string':
      return node.value;
    case 'list':
      return node.items.map(elementValue);
    case 'object':
      return new Map([...node.fields].map(([name, field]) => [name, elementValue(field)]));
  }
}

function numberValue(raw: string): bigint | number {
  if (/^-?\d+$/.test(raw)) {
    const integer = BigInt(raw);
    if (integer >= I64_MIN && integer <= I64_MAX) return integer;
  }
  const float = Number(raw);
  if (!Number.isFinite(float)) throw new Error('number out of range');
  return float;
}
