import { createInterface } from 'node:readline/promises';
import { WalhookError } from '../../errors/walhook-error.ts';

export type Confirmation = {
  readonly command: string;
  /** What has to be typed, and what it is. */
  readonly word: string;
  readonly called: string;
  /** What was not done, if it is not confirmed. */
  readonly undone: string;
};

/** Throws usage, unless somebody at a terminal types the word. */
export async function confirm({ command, word, called, undone }: Confirmation): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new WalhookError('usage', `${command} asks on a terminal; without one it needs --yes`, {
      remedy: `Run walhook ${command} --yes, if you mean it.`,
    });
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`Type ${called} (${word}) to go on: `);
    if (answer.trim() === word) return;
  } finally {
    prompt.close();
  }
  throw new WalhookError('usage', `not confirmed; ${undone}`, {
    remedy: `Type ${called} to confirm.`,
  });
}
