import type { TestDatabase } from '../support/database.ts';
import { createPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { TOKEN } from '../http/served-app.ts';
import type { Drained, Environment, Trigger } from './trigger.ts';

export type Shop = {
  readonly database: TestDatabase;
  /** One an endpoint: `first`, `second`. */
  readonly receivers: readonly [Receiver, Receiver];
  readonly order: (from: number, to?: number) => Promise<unknown>;
  readonly slotAt: () => Promise<string>;
  readonly drain: () => Promise<Drained>;
  readonly close: () => Promise<void>;
};

const names = ['first', 'second'] as const;

/** Tries once a drain, and with every drain; in the order of the orders. */
const impatient = {
  RETRY_ATTEMPTS: '1',
  RETRY_MIN_DELAY_MS: '1',
  RETRY_MAX_DELAY_MS: '1',
  CIRCUIT_BREAKER_RESET_MS: '0',
  ORDERING: 'strict',
};

/** `orders`, drained to `endpoints` endpoints with these options by what `trigger` starts. */
export async function openShop(
  trigger: Trigger,
  endpoint: Environment = {},
  options: Environment = {},
  endpoints: 1 | 2 = 1,
): Promise<Shop> {
  const receivers = [await startReceiver(), await startReceiver()] as const;
  const used = receivers
    .slice(0, endpoints)
    .map(({ url }, n) => ({ name: names[n]!, type: 'http' as const, url }));
  const { database, config, slotAt } = await createPipeline(
    { endpoints: used },
    'create table orders (id int primary key)',
  );
  const env = {
    DATABASE_URL: database.url,
    SLOT_NAME: config.slot,
    WALHOOK_TOKEN: TOKEN,
    WALHOOK_HTTP_PORT: '0',
    ...options,
    ...Object.assign({}, ...used.map((each, n) => endpointEnv(n, { ...each, ...endpoint }))),
  };
  const started = await trigger.start({ env, database });
  return {
    database,
    receivers,
    order: (from, to = from) =>
      database.query(`insert into orders select generate_series(${from}, ${to})`),
    slotAt,
    ...started,
  };
}

function endpointEnv(n: number, { name, type, url, ...rest }: Environment): Environment {
  const own = { NAME: name!, TYPE: type!, URL: url!, ...impatient, ...rest };
  return Object.fromEntries(
    Object.entries(own).map(([option, value]) => [`WALHOOK_ENDPOINTS_${n}_${option}`, value]),
  );
}

export function idsOf(receiver: Receiver): number[] {
  return receiver.events().map(({ after }) => (after as { id: number }).id);
}

export function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, index) => index + 1);
}
