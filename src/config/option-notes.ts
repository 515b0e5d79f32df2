import { z } from 'zod';

/** What a person is told of an option: in docs/configuration.md, and in an error about its value. */
export type OptionNote = {
  /** One sentence: what the option decides. */
  readonly what: string;
  /** What a value has to be, to complete "wants …". */
  readonly wants: string;
  /** `whole`: never shown. `url`: shown without its password and tokens. */
  readonly secret?: 'whole' | 'url';
  /** `conditions`: as JSON in a variable. `function`: in a file of code alone. */
  readonly holds?: 'conditions' | 'function';
};

export const optionNotes = z.registry<OptionNote>();

/** Says what a text should have been, or null where it is right. */
export type TextFault = (text: string) => string | null;

/** A string option. A fault's words take the place of `wants` where they can be more exact. */
export function text(note: OptionNote, fault: TextFault = notEmpty(note.wants)) {
  return z
    .string()
    .superRefine((value, context) => {
      const wants = fault(value);
      if (wants !== null) context.addIssue({ code: 'custom', message: wants });
    })
    .register(optionNotes, note);
}

export function matching(pattern: RegExp, wants: string): TextFault {
  return (value) => (pattern.test(value) ? null : wants);
}

function notEmpty(wants: string): TextFault {
  return (value) => (value.length > 0 ? null : wants);
}

export function choice<const T extends readonly [string, ...string[]]>(what: string, options: T) {
  return z.enum(options).register(optionNotes, { what, wants: oneOf(options) });
}

export function flag(what: string) {
  return z.boolean().register(optionNotes, { what, wants: 'true or false' });
}

/** For a check over several options: it runs beside the faults of each, not only in their absence. */
export const besideOtherFaults = {
  when: ({ value }: { value: unknown }): boolean => typeof value === 'object' && value !== null,
};

export function oneOf(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

type NumberNote = {
  readonly what: string;
  /** What is counted: `ms`, `bytes`, `events`. */
  readonly unit: string;
  readonly min: number;
  readonly max: number;
};

export function wholeNumber({ what, unit, min, max }: NumberNote) {
  return z
    .int()
    .min(min)
    .max(max)
    .register(optionNotes, { what, wants: `a whole number of ${unit} from ${min} to ${max}` });
}
