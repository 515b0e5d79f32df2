import { z } from 'zod';
import { countNames } from '../routing/name-pattern.ts';
import { type OptionNote, optionNotes, text } from './option-notes.ts';

type PatternsNote = OptionNote & {
  /** How many names with dots between make one pattern, at the most. */
  readonly names: number;
  /** Of one pattern. */
  readonly each: string;
};

/** A list of patterns of names: `*` for a part of a name, `!` before one that takes out. */
export function namePatterns({ names, each, ...note }: PatternsNote) {
  const pattern = text({ what: note.what, wants: each }, (given) => {
    const count = countNames(given.replace(/^!/, ''));
    return count !== null && count <= names ? null : each;
  });
  return z.array(pattern).register(optionNotes, note).optional();
}
