import type { RelationMark } from '../changes/relation-mark.ts';
import type { RelationView } from '../changes/relation-view.ts';

/**
 * The relations whose events have been put into lanes, each as it was described then. An event whose
 * relation has another key, other columns or another name since, or a name that was another's, is
 * about rows that may stand in any lane: they were put there by what identified them before.
 */
export class KnownRelations {
  /** Known as they are: almost every event is answered here. */
  readonly #current = new Map<number, RelationView>();
  /** By relation: digests of how it was described. Several where what is parked has several. */
  readonly #digests = new Map<number, ReadonlySet<string>>();
  /** By name: which relations had it. */
  readonly #holders = new Map<string, ReadonlySet<number>>();
  #last: RelationView | null = null;

  constructor(known: readonly RelationMark[]) {
    for (const { relationId, name, digest } of known) {
      this.#digests.set(relationId, new Set(this.#digests.get(relationId)).add(digest));
      this.#holders.set(name, new Set(this.#holders.get(name)).add(relationId));
    }
  }

  /** Whether it is another than what is known; from now on it is known as it is. */
  isOther(relation: RelationView): boolean {
    if (relation === this.#last) return false;
    const isCurrent = this.#current.get(relation.relationId) === relation;
    this.#last = relation;
    return !isCurrent && this.#note(relation);
  }

  #note(relation: RelationView): boolean {
    const { relationId, name, digest } = relation.mark;
    const digests = this.#digests.get(relationId) ?? new Set([digest]);
    const holders = this.#holders.get(name) ?? new Set([relationId]);
    this.#digests.set(relationId, new Set([digest]));
    this.#holders.set(name, new Set([relationId]));
    // Whoever had the name is looked at again, also where it comes back under it.
    for (const holder of holders) this.#current.delete(holder);
    this.#current.set(relationId, relation);
    return !isOnly(digests, digest) || !isOnly(holders, relationId);
  }
}

function isOnly<T>(known: ReadonlySet<T>, one: T): boolean {
  return known.size === 1 && known.has(one);
}
