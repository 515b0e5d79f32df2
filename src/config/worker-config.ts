import { ConfigError, type Problem } from './config-error.ts';
import { type Environment, readVariable } from './environment-variables.ts';
import { type ParsedConfig, parseConfig } from './parse.ts';
import { isPlainObject } from './plain-object.ts';
import { proxyOf } from './proxy-option.ts';
import type { ResolvedConfig } from './schema.ts';
import { unsupportedTls, withWorkerTls } from './worker-tls.ts';

/** What has 128 MB, and often no more than 50 requests, keeps to this unless it is told otherwise. */
const WORKER_DRAIN = {
  deadlineMs: 25_000,
  maxRequests: 40,
  maxWindowChanges: 20_000,
  maxWindowBytes: 16 << 20,
} as const;

/**
 * The configuration of a Cloudflare Worker, from what its code gives (null: nothing) and its bindings.
 * A Hyperdrive binding stands for DATABASE_URL. Throws ConfigError, also for what no worker can do.
 */
export function parseWorkerConfig(input: unknown, bindings: Environment): ParsedConfig {
  const parsed = parseConfig(withDefaults(input ?? {}), withHyperdrive(bindings), {}, SOURCE);
  const { database, state } = parsed.config;
  const problems = [
    ...unsupportedTls('database', database.tls),
    ...unsupportedTls('state', state.tls),
    ...unsupported(parsed.config),
  ];
  if (problems.length > 0) throw new ConfigError(problems, SOURCE);
  const secured = {
    database: withHyperdrivePassword(withWorkerTls(database), bindings),
    state: withWorkerTls(state),
  };
  return { ...parsed, config: { ...parsed.config, ...secured } };
}

const SOURCE = 'worker';

/** As if they stood in the file: the variables come before them. */
function withDefaults(input: unknown): unknown {
  if (!isPlainObject(input)) return input;
  const { drain = {} } = input;
  return isPlainObject(drain) ? { ...input, drain: { ...WORKER_DRAIN, ...drain } } : input;
}

/** Whoever sets DATABASE_URL beside the binding wants to go past it. */
function withHyperdrive(bindings: Environment): Environment {
  const url = hyperdriveUrl(bindings);
  if (url === undefined || readVariable(bindings, 'DATABASE_URL') !== undefined) return bindings;
  return { ...bindings, DATABASE_URL: url };
}

/** The platform itself carries what goes to Hyperdrive: no network of anybody else's is crossed. */
function withHyperdrivePassword<T extends ResolvedConfig['database']>(
  database: T,
  bindings: Environment,
): T {
  if (database.url !== hyperdriveUrl(bindings)) return database;
  return { ...database, allowCleartextPassword: true };
}

function hyperdriveUrl({ HYPERDRIVE: hyperdrive }: Environment): unknown {
  if (typeof hyperdrive !== 'object' || hyperdrive === null) return undefined;
  // A getter of the runtime's, which a copy of the binding would not have.
  return Reflect.get(hyperdrive, 'connectionString');
}

function unsupported({ endpoints, alerts, drain }: ResolvedConfig): Problem[] {
  const problems: Problem[] = [];
  for (const [index, endpoint] of endpoints.entries()) {
    if (endpoint.type === 'stdout') {
      problems.push({
        path: `endpoints[${index}].type`,
        variable: 'HTTP_ENDPOINT_URL',
        got: '"stdout", or no endpoint at all',
        wants: 'http or hook0: what a worker prints is cut and lost',
      });
    } else if (endpoint.rateLimit?.store !== undefined) {
      problems.push({
        path: `endpoints[${index}].rateLimit.store`,
        got: 'a Redis server',
        wants: 'nothing: in a worker each drain counts for itself',
      });
    }
  }
  for (const [list, entries] of Object.entries({ endpoints, alerts })) {
    for (const [index, entry] of entries.entries()) {
      if (!('proxy' in entry) || proxyOf(entry) === null) continue;
      const wants = 'none: the fetch of a worker goes through no proxy';
      problems.push({ path: `${list}[${index}].proxy`, got: 'a proxy', wants });
    }
  }
  for (const [index, { type }] of alerts.entries()) {
    if (type !== 'email') continue;
    const wants = 'webhook: a worker cannot send mail';
    problems.push({ path: `alerts[${index}].type`, got: '"email"', wants });
  }
  if (drain.reader === 'copy') {
    const wants = 'rows or auto: in a worker, COPY cannot be held back';
    problems.push({ path: 'drain.reader', got: '"copy"', wants });
  }
  return problems;
}
