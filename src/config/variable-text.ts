import type { OptionNode } from './option-tree.ts';

/**
 * A variable's text as the value that an option of this kind holds. Text that cannot be one stays
 * as it is, for the schema to refuse.
 */
export function valueOfText(kind: OptionNode['kind'] | undefined, text: string): unknown {
  switch (kind) {
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case 'flag':
      return text === 'true' || text === 'false' ? text === 'true' : text;
    case 'list':
      return text.split(',').map((entry) => entry.trim());
    case 'map':
      return parsedJson(text);
    case 'text':
    case 'function':
    case 'object':
    case 'objects':
    case undefined:
      return text;
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
