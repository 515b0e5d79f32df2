import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import type { ResolvedConfig } from '../../src/config/schema.ts';
import type { DrainReport } from '../../src/drain/report.ts';
import { judge } from '../../src/health/alerting/judge.ts';
import type { RuleName } from '../../src/health/alerting/incident.ts';
import { type ConditionId, CONDITIONS } from '../../src/health/conditions.ts';
import { dashboardPage } from '../../src/http/dashboard-page.ts';
import { readinessOf } from '../../src/http/readiness.ts';
import { type Diagnosis, doctor } from '../../src/operations/doctor/doctor.ts';
import { factsAfterDrain } from '../../src/operations/facts-after-drain.ts';
import { readMetrics } from '../../src/operations/metrics.ts';
import type { PipelineAccess } from '../../src/operations/pipeline.ts';
import { readStatus } from '../../src/operations/status.ts';
import { withPipeline } from '../../src/runtime/administration.ts';
import { nodePlatform } from '../../src/runtime/node-platform.ts';
import { runDrain } from '../../src/runtime/run-drain.ts';
import { createPipeline, type PipelineOptions, type TestPipeline } from '../support/pipeline.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

type HttpEndpoint = Extract<PipelineOptions['endpoints'][number], { type: 'http' }>;

/** A pipeline in which something is wrong, and the report of the drain that met it. */
type Troubled = {
  readonly config: ResolvedConfig;
  readonly report: DrainReport;
  /** What the server tells otherwise than it is: what a test cannot bring about. */
  readonly seen?: (access: PipelineAccess) => PipelineAccess;
};

type Shop = {
  readonly pipeline: TestPipeline;
  readonly receiver: Receiver;
  readonly endpoint: HttpEndpoint;
  sql(text: string): Promise<unknown>;
};

type Scenario = {
  readonly subject: '' | 'hooks';
  readonly severity: 'error' | 'warning';
  readonly check: string;
  /** The check that is not ready; null: it is ready all the same. */
  readonly unready: string | null;
  /** By which rule alerts come to know. */
  readonly alert: RuleName | null;
  readonly trouble: (shop: Shop) => Promise<Troubled>;
};

const endpointOf = ({ url }: Receiver): HttpEndpoint => ({
  name: 'hooks',
  type: 'http',
  url,
  batch: { maxEvents: 1 },
  retry: { attempts: 1, minDelayMs: 0 },
  circuitBreaker: { failures: 1, resetMs: 3_600_000 },
  onUnavailable: 'hold',
});

async function openShop(): Promise<Shop> {
  const receiver = await startReceiver();
  const endpoint = endpointOf(receiver);
  const pipeline = await createPipeline(
    { endpoints: [endpoint] },
    'create table t (id serial primary key)',
  );
  const sql = (text: string): Promise<unknown> => pipeline.database.query(text);
  await sql('insert into t default values');
  await pipeline.drain();
  await sql('insert into t default values');
  return { pipeline, receiver, endpoint, sql };
}

async function drained(pipeline: TestPipeline): Promise<Troubled> {
  return { config: pipeline.config, report: await pipeline.drain() };
}

const afterSql =
  (text: (shop: Shop) => string) =>
  async (shop: Shop): Promise<Troubled> => {
    await shop.sql(text(shop));
    return drained(shop.pipeline);
  };

/** With other options, after an answer that is none of success. */
const afterAnswer =
  (answer: number, options: Partial<HttpEndpoint> = {}) =>
  async ({ pipeline, receiver, endpoint }: Shop): Promise<Troubled> => {
    receiver.answerWith(() => answer);
    return drained(await pipeline.configured({ endpoints: [{ ...endpoint, ...options }] }));
  };

const PARKS = { onUnavailable: 'park', parkAfterMs: 0 } as const;
const FAR = 20n << 30n;
const slotTrouble = {
  subject: '',
  severity: 'error',
  unready: 'slot',
  alert: 'run_failed',
} as const;

const SCENARIOS: Readonly<Record<ConditionId, Scenario>> = {
  slot_unreadable: {
    ...slotTrouble,
    check: 'slot',
    async trouble({ pipeline, sql }) {
      const slot = `${pipeline.config.slot}_other`;
      await sql(`select pg_create_logical_replication_slot('${slot}', 'test_decoding')`);
      await sql(`update walhook.pipelines set slot = '${slot}'`);
      return drained(await pipeline.configured({ slot }));
    },
  },
  slot_near_loss: {
    ...slotTrouble,
    check: 'slot',
    alert: 'slot_near_loss',
    trouble: afterSql(
      ({ pipeline }) => `select pg_drop_replication_slot('${pipeline.config.slot}')`,
    ),
  },
  cluster_changed: {
    ...slotTrouble,
    check: 'slot identity',
    trouble: afterSql(() => `update walhook.pipelines set system_identifier = '7'`),
  },
  slot_replaced: {
    ...slotTrouble,
    check: 'slot identity',
    async trouble({ pipeline, sql }) {
      const { slot } = pipeline.config;
      await sql(`select pg_drop_replication_slot('${slot}')`);
      await sql('insert into t default values');
      await sql(`select pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
      return drained(pipeline);
    },
  },
  publication_missing: {
    ...slotTrouble,
    check: 'publication',
    unready: 'publication',
    trouble: afterSql(() => 'drop publication walhook'),
  },
  publication_replaced: {
    ...slotTrouble,
    check: 'slot identity',
    unready: 'publication',
    trouble: afterSql(() => 'drop publication walhook; create publication walhook for all tables'),
  },
  state_not_ready: {
    ...slotTrouble,
    check: 'state tables',
    unready: 'state',
    alert: null,
    trouble: afterSql(() => 'delete from walhook.endpoints; delete from walhook.pipelines'),
  },
  wal_unbounded: {
    subject: '',
    severity: 'warning',
    check: 'WAL',
    unready: null,
    alert: 'wal_unbounded',
    trouble: async ({ pipeline }) => ({
      ...(await drained(pipeline)),
      // Twenty gigabytes of WAL are not for a test to write.
      seen: (access) => ({ ...access, database: muchWritten(access.database) }),
    }),
  },
  run_failed: {
    subject: '',
    severity: 'error',
    check: 'drains',
    unready: 'drains',
    alert: 'run_failed',
    async trouble({ pipeline }) {
      const { slot } = pipeline.config;
      const { config } = parseConfig(null, {
        DATABASE_URL: pipeline.database.url,
        SLOT_NAME: slot,
      });
      return { config: pipeline.config, report: await runDrain({ config, ...QUIETLY }) };
    },
  },
  transaction_skipped: {
    subject: '',
    severity: 'warning',
    check: 'skipped transactions',
    unready: null,
    alert: 'transaction_skipped',
    trouble: afterSql(
      () => `insert into walhook.skips
        (pipeline, commit_lsn, from_lsn, tables, error, reason, requested_by, requested_at)
        values ('walhook', '0/10', '0/1', '[]', 'division by zero', 'sent by hand', 'ann', now())`,
    ),
  },
  endpoint_down: {
    subject: 'hooks',
    severity: 'error',
    check: 'endpoints that are down',
    unready: 'endpoint:hooks',
    alert: 'endpoint_down',
    trouble: afterAnswer(503),
  },
  endpoint_misconfigured: {
    subject: 'hooks',
    severity: 'error',
    check: 'endpoints that are down',
    unready: 'endpoint:hooks',
    alert: 'endpoint_misconfigured',
    trouble: afterAnswer(404),
  },
  endpoint_paused: {
    subject: 'hooks',
    severity: 'warning',
    check: 'paused endpoints',
    unready: 'endpoint:hooks',
    alert: 'endpoint_paused',
    trouble: afterAnswer(410),
  },
  endpoint_catching_up: {
    subject: 'hooks',
    severity: 'warning',
    check: 'parked events',
    unready: null,
    alert: null,
    async trouble({ pipeline, receiver, endpoint, sql }) {
      await sql('insert into t select from generate_series(1, 50)');
      receiver.answerWith(() => 503);
      const parks = await pipeline.configured({ endpoints: [{ ...endpoint, ...PARKS }] });
      await parks.drain();
      await parks.forgetFailures();
      const stop = new AbortController();
      receiver.answerWith(() => {
        stop.abort();
        return 204;
      });
      return { config: parks.config, report: await parks.drain({ signal: stop.signal }) };
    },
  },
  parked_near_cap: {
    subject: 'hooks',
    severity: 'warning',
    check: 'parked events',
    unready: null,
    alert: 'parked_near_cap',
    trouble: afterAnswer(503, { ...PARKS, maxParkedEvents: 1 }),
  },
  lag_bytes: {
    subject: '',
    severity: 'warning',
    check: 'lag',
    unready: null,
    alert: 'lag_bytes',
    trouble: async ({ pipeline, receiver, sql }) => {
      receiver.answerWith(() => 503);
      await sql('insert into t select from generate_series(1, 50)');
      return drained(await pipeline.configured({ alertRules: { lagBytes: 0 } }));
    },
  },
  lag_age: {
    subject: '',
    severity: 'warning',
    check: 'lag',
    unready: null,
    alert: 'lag_age',
    trouble: async ({ pipeline, receiver, sql }) => {
      receiver.answerWith(() => 503);
      const impatient = await pipeline.configured({ alertRules: { lagMs: 0 } });
      const { report, config } = await drained(impatient);
      await sql(`update walhook.pipelines set behind_at = behind_at - interval '1 hour'`);
      return { report, config };
    },
  },
  dead_letters: {
    subject: 'hooks',
    severity: 'warning',
    check: 'dead letters',
    unready: null,
    alert: 'dead_letters',
    trouble: afterAnswer(422),
  },
  endpoint_missed: {
    subject: 'hooks',
    severity: 'warning',
    check: 'endpoints that were away',
    unready: null,
    alert: null,
    async trouble({ pipeline, endpoint }) {
      const other = await pipeline.configured({ endpoints: [{ ...endpoint, name: 'other' }] });
      const { report } = await drained(other);
      return { config: pipeline.config, report };
    },
  },
  endpoint_removed: {
    subject: 'hooks',
    severity: 'error',
    check: 'removed endpoints',
    unready: null,
    alert: null,
    async trouble({ pipeline, receiver, endpoint }) {
      receiver.answerWith(() => 503);
      const { report } = await drained(pipeline);
      const other = await pipeline.configured({ endpoints: [{ ...endpoint, name: 'other' }] });
      return { config: other.config, report };
    },
  },
};

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const QUIETLY = { platform: nodePlatform, log: silent };

/** Other databases write WAL meanwhile: all views see the server as the first of them did. */
function stillServer(): (access: PipelineAccess) => PipelineAccess {
  let first: ReturnType<PipelineAccess['database']['readServer']> | null = null;
  return (access) => {
    const readServer = () => (first ??= access.database.readServer());
    return { ...access, database: { ...access.database, readServer } };
  };
}

function muchWritten(database: PipelineAccess['database']): PipelineAccess['database'] {
  return {
    ...database,
    async readServer() {
      const server = await database.readServer();
      return { ...server, flushedLsn: (server.flushedLsn + FAR) as typeof server.flushedLsn };
    },
  };
}

test('every condition has its scenario', () => {
  expect(CONDITIONS.map(({ id }) => id).toSorted()).toEqual(Object.keys(SCENARIOS).toSorted());
});

test.each(Object.entries(SCENARIOS) as [ConditionId, Scenario][])(
  '%s is said alike by status, doctor, readiness, metrics, dashboard and alerts',
  async (condition, scenario) => {
    const { subject, severity, check, unready, alert } = scenario;
    const { config, report, seen = (access) => access } = await scenario.trouble(await openShop());
    const now = nodePlatform.clock.now();
    const still = stillServer();
    const look = <T>(use: (access: PipelineAccess) => Promise<T>): Promise<T> =>
      withPipeline(config, nodePlatform, (access) => use(still(seen(access))));

    const status = await look((access) => readStatus(access, now));
    const found = status.conditions.find((each) => each.condition === condition);
    expect(found).toMatchObject({
      condition,
      severity,
      blocks: unready !== null,
      endpoint: subject === '' ? null : subject,
    });
    const { message, remedy } = found!;
    expect(status.troubles).toContain(`${message} ${remedy}`);

    const checks = new Map<string, Diagnosis>();
    const isHealthy = await doctor(
      { withPipeline: look, endpoints: [], reach: () => Promise.resolve(), now: () => now },
      (diagnosis) => checks.set(diagnosis.name, diagnosis),
    );
    expect(checks.get(check)).toMatchObject({
      status: severity === 'error' ? 'failed' : 'warning',
      found: expect.stringContaining(message),
      remedy: expect.stringContaining(check === 'WAL' ? 'max_slot_wal_keep_size' : ''),
    });
    expect(isHealthy).toBe([...checks.values()].every((each) => each.status !== 'failed'));

    const ready = await readinessOf({ clock: nodePlatform.clock, withPipelineSoon: look })();
    const off = ready.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(off.filter((name) => name === unready)).toEqual(unready === null ? [] : [unready]);
    expect(off.length > 0).toBe(status.conditions.some(({ blocks }) => blocks));

    const metrics = await look((access) => readMetrics(access, now));
    expect(metrics).toContain(
      `walhook_condition{pipeline="walhook",condition="${condition}",severity="${severity}",endpoint="${subject}"} 1\n`,
    );
    expect(metrics).toContain(`walhook_troubles{pipeline="walhook"} ${status.troubles.length}\n`);

    const view = { pipeline: 'walhook', status, now, nonce: 'n', refreshSeconds: 10 };
    const page = await dashboardPage(view);
    expect(page.replaceAll('&quot;', '"').replaceAll('&#39;', "'")).toContain(message);

    const facts = await look((access) =>
      factsAfterDrain(access, { report, now, onUnknown: () => expect.unreachable() }),
    );
    const raised = judge(facts, config.alertRules, []).raised.map(({ rule }) => rule);
    const told = raised.filter((rule) => rule === condition || rule === alert);
    expect(told).toEqual(alert === null ? [] : [alert]);
  },
);
