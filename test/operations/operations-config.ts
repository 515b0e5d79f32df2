import { parseConfig } from '../../src/config/parse.ts';
import type { ResolvedConfig, WalhookConfig } from '../../src/config/schema.ts';
import { type Diagnosis, doctor } from '../../src/operations/doctor/doctor.ts';
import { init, type InitOptions } from '../../src/operations/init.ts';
import type { InitStep } from '../../src/operations/init-step.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { reachEndpoint } from '../../src/runtime/reach-endpoint.ts';
import type { TestDatabase } from '../support/database.ts';

/** A slot named after the database, which no other test has. */
export function configOf(
  database: TestDatabase,
  given: Partial<WalhookConfig> = {},
): ResolvedConfig {
  const endpoints: WalhookConfig['endpoints'] = [{ name: 'out', type: 'stdout' }];
  const own = { database: { url: database.url }, slot: database.name, endpoints };
  return parseConfig({ ...own, ...given }, {}).config;
}

export async function initialize(
  config: ResolvedConfig,
  options: Partial<InitOptions> = {},
): Promise<readonly InitStep[]> {
  const steps: InitStep[] = [];
  const nothing = { tables: null, allTables: false, withoutIdentity: false };
  const all = { ...nothing, failover: false, adopt: false, ...options };
  await withPipeline(config, nodePlatform, (access) => init(access, all, (s) => steps.push(s)));
  return steps;
}

export function outcomes(steps: readonly InitStep[]): string[] {
  return steps.map(({ subject, outcome }) => `${subject} ${outcome}`);
}

/** What doctor finds, by the names of its checks. */
export async function diagnosed(config: ResolvedConfig): Promise<Map<string, Diagnosis>> {
  const found = new Map<string, Diagnosis>();
  await doctor(
    {
      withPipeline: (look) => withPipeline(config, nodePlatform, look),
      endpoints: config.endpoints.map((endpoint) => ({
        name: endpoint.name,
        type: endpoint.type,
        url: endpoint.type === 'http' ? endpoint.url : null,
      })),
      reach: reachEndpoint,
      now: () => nodePlatform.clock.now(),
    },
    (diagnosis) => found.set(diagnosis.name, diagnosis),
  );
  return found;
}
