import { alertWarnings } from './alert-warnings.ts';
import { ConfigError } from './config-error.ts';
import { Draft } from './draft.ts';
import { applyEnvironment, type Overrides } from './environment.ts';
import { setProxiesFromEnvironment } from './environment-proxy.ts';
import type { Environment } from './environment-variables.ts';
import { setFormatDefaults } from './format-defaults.ts';
import { interpolate } from './interpolate.ts';
import { isPlainObject } from './plain-object.ts';
import { plainCopy } from './plain-copy.ts';
import { createRedact } from './redact.ts';
import { type ResolvedConfig, walhookSchema } from './schema.ts';
import { problemsOf } from './schema-issues.ts';
import { unencryptedWarnings } from './unencrypted.ts';

export type ParsedConfig = {
  readonly config: ResolvedConfig;
  /** What is allowed but hardly meant. Holds no secret. */
  readonly warnings: readonly string[];
};

/**
 * A configuration from what a file or a caller gave (null: nothing), the environment and a command
 * line. Pure: it reads no file and no process. Throws ConfigError with everything that is wrong.
 */
export function parseConfig(
  input: unknown,
  env: Environment,
  overrides: Overrides = {},
  source?: string,
): ParsedConfig {
  const draft = new Draft();
  const given = plainCopy(input ?? {}, source);
  if (!isPlainObject(given)) {
    const got = Array.isArray(given) ? 'a list' : `a ${typeof given}`;
    throw new ConfigError([{ path: '', got, wants: 'an object of options' }], source);
  }
  Object.assign(draft.value, interpolate(withoutSchemaName(given), env, draft));
  applyEnvironment(draft, env, overrides);
  setFormatDefaults(draft);
  setProxiesFromEnvironment(draft, env);
  const result = walhookSchema.safeParse(draft.value);
  const known = new Set(draft.problems.map(({ path }) => path));
  const found = result.success ? [] : problemsOf(result.error.issues, draft);
  const problems = [...draft.problems, ...found.filter(({ path }) => !known.has(path))];
  const redact = createRedact(draft.value);
  if (!result.success || problems.length > 0) {
    throw new ConfigError(
      problems.map((problem) => ({ ...problem, got: redact(problem.got) })),
      source,
    );
  }
  const { data } = result;
  const warnings = [...draft.warnings, ...unencryptedWarnings(data), ...alertWarnings(data.alerts)];
  const config = draft.stdoutIsFallback ? { ...data, stdoutIsFallback: true as const } : data;
  return { config, warnings: warnings.map(redact) };
}

/** `$schema` is for editors. */
function withoutSchemaName({ $schema, ...options }: Record<string, unknown>): unknown {
  return typeof $schema === 'string'
    ? options
    : { ...options, ...($schema !== undefined && { $schema }) };
}
