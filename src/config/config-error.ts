import { WalhookError } from '../errors/walhook-error.ts';
import { visibleLine } from '../quantities/visible-text.ts';

/** One thing that is wrong with a configuration. Holds no secret. */
export type Problem = {
  /** Where it stands: `endpoints[0].url`. Empty for the whole. */
  readonly path: string;
  /** The environment variable it came from, or that would set it. */
  readonly variable?: string | undefined;
  readonly got: string;
  readonly wants: string;
};

/** Everything that is wrong with a configuration, at once. Code `config_invalid`. */
export class ConfigError extends WalhookError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], source?: string, cause?: unknown) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    const place = source === undefined ? '' : ` (${visibleLine(source)})`;
    super(
      'config_invalid',
      [`The configuration${place} has ${count}:`, ...problems.map(line)].join('\n'),
      { detail: source, cause },
    );
    this.problems = problems;
  }
}

function line({ path, variable, got, wants }: Problem): string {
  const name = variable === undefined || path === '' ? (variable ?? path) : `${variable} (${path})`;
  return visibleLine(`  ${name === '' ? '' : `${name}: `}got ${got}, wants ${wants}`);
}
