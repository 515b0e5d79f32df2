import type { Problem } from './config-error.ts';
import { formatPath, type OptionPath } from './option-tree.ts';

/** Where a value came from, if not from the file. */
export type Origin = {
  readonly variable: string;
  /** As it stood in the variable; undefined: the variable is not set, but would be the one. */
  readonly text?: string | undefined;
  /** What the variable wants, where that differs from what the option wants. */
  readonly wants?: string | undefined;
};

/** A configuration on its way: not yet checked, and knowing which variable set what. */
export class Draft {
  readonly value: Record<string, unknown> = {};
  readonly problems: Problem[] = [];
  readonly warnings: string[] = [];
  /** Variables that the configuration names itself, by `${NAME}`. */
  readonly referredTo = new Set<string>();
  /** Nothing says where events go: they are printed. */
  stdoutIsFallback = false;
  readonly #origins = new Map<string, Origin>();

  get(path: OptionPath): unknown {
    let value: unknown = this.value;
    for (const step of path) {
      if (!isGroup(value)) return undefined;
      value = Reflect.get(value, step);
    }
    return value;
  }

  /** Makes the groups on the way. Where something else stands in it, that stays, to be refused. */
  set(path: OptionPath, value: unknown, origin?: Origin): void {
    let group: object = this.value;
    for (const [index, step] of path.slice(0, -1).entries()) {
      if (Reflect.get(group, step) === undefined) {
        Reflect.set(group, step, typeof path[index + 1] === 'number' ? [] : {});
      }
      const next: unknown = Reflect.get(group, step);
      if (!isGroup(next)) return;
      group = next;
    }
    Reflect.set(group, path.at(-1)!, value);
    if (origin !== undefined) this.noteOrigin(path, origin);
  }

  noteOrigin(path: OptionPath, origin: Origin): void {
    this.#origins.set(formatPath(path), origin);
  }

  originOf(path: OptionPath): Origin | undefined {
    return this.#origins.get(formatPath(path));
  }

  /** The variable that a value is part of: `WALHOOK_KEYS` of a single table's key. */
  variableOf(path: OptionPath): string | undefined {
    for (let length = path.length; length > 0; length--) {
      const origin = this.originOf(path.slice(0, length));
      if (origin !== undefined) return origin.variable;
    }
    return undefined;
  }
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
