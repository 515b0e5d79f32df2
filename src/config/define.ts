import type { WalhookConfig } from './schema.ts';

/** Types a configuration file: `export default defineConfig({ … })`. */
export function defineConfig(config: WalhookConfig): WalhookConfig {
  return config;
}

/**
 * The value of an environment variable, put in when the configuration is loaded, so that every
 * missing one is named at once and a worker's bindings count too. Until then it is a reference:
 * it can be part of a longer string, not be computed with.
 */
export function env(name: string): string {
  return `\${${name}}`;
}
