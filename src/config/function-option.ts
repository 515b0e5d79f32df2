import { z } from 'zod';
import { type OptionNote, optionNotes } from './option-notes.ts';

export const functionWants = 'a function, which only a .ts or .js file can hold';

/** An option that is code. YAML, JSON and the environment have only its text, which is not run. */
export function functionOption<F extends (...args: never[]) => unknown>(note: OptionNote) {
  return z
    .custom<F>()
    .superRefine((value, context) => {
      if (typeof value !== 'function') context.addIssue({ code: 'custom', message: note.wants });
    })
    .register(optionNotes, { ...note, holds: 'function' });
}
