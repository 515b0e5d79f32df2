import type { Overrides } from './environment.ts';
import { type Environment, readVariable } from './environment-variables.ts';
import { findConfigFile, readConfigFile } from './file.ts';
import { type ParsedConfig, parseConfig } from './parse.ts';
import { withTlsFiles } from './tls-files.ts';

export type LoadOptions = {
  readonly env: Environment;
  /** Where a file is looked for, and what a relative `file` is relative to; null: it is gone. */
  readonly cwd: string | null;
  /** Else WALHOOK_CONFIG, else walhook.config.* in `cwd`; without any, the environment alone. */
  readonly file?: string | undefined;
  readonly overrides?: Overrides | undefined;
};

/** Throws ConfigError with everything that is wrong. */
export async function loadConfig({
  env,
  cwd,
  file,
  overrides = {},
}: LoadOptions): Promise<ParsedConfig & { readonly source: string }> {
  const found = await findConfigFile(cwd, file ?? readVariable(env, 'WALHOOK_CONFIG'));
  const source = found ?? 'environment';
  const input = found === null ? {} : await readConfigFile(found, env);
  const parsed = await withTlsFiles(parseConfig(input, env, overrides, source), source);
  return { ...parsed, source };
}
