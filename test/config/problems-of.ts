import { expect } from 'vitest';
import { ConfigError, type Problem } from '../../src/config/config-error.ts';

/** The problems that an invalid configuration is refused with; fails where it is not refused. */
export async function problemsOf(parse: () => unknown): Promise<readonly Problem[]> {
  const error = await Promise.resolve()
    .then(parse)
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  if (!(error instanceof ConfigError)) {
    expect.fail(`should be refused with a ConfigError, got ${String(error)}`);
  }
  return error.problems;
}
